// The guided lesson beside every page.
import HelpPanel from "@cloudscape-design/components/help-panel";
import Lesson from "./Lesson";

export default function LessonDrawer() {
  return (
    <HelpPanel header={<h2>Guided lesson</h2>}>
      <Lesson />
    </HelpPanel>
  );
}
