// The guided lesson beside every page.
export default function LessonDrawer() {
  return null;
}
