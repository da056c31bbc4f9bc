// One event on a page of its own.
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import { useParam } from "../../app/params";
import { EventPanel } from "./EventPanel";

export default function EventPage() {
  const id = useParam("id");
  return (
    <ContentLayout header={<Header variant="h1">Event {id}</Header>}>
      <EventPanel id={id} />
    </ContentLayout>
  );
}
