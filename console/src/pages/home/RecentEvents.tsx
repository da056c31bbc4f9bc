// The last events, at a glance.
import Box from "@cloudscape-design/components/box";
import Header from "@cloudscape-design/components/header";
import Table from "@cloudscape-design/components/table";
import { Go } from "../../app/go";
import { segment } from "../../app/routes";
import { useServerNow } from "../../live/clock";
import { listEvents, type EventRow } from "../../live/events";
import { useLoad } from "../../live/load";
import { clockTime } from "../../parts/format";
import { Status } from "../../parts/Status";
import { nameOf, status } from "../events/story";
import { Waterfall } from "../events/Waterfall";

const SHOWN = 5;

export default function RecentEvents() {
  const now = useServerNow();
  const events = useLoad(() => listEvents({ limit: SHOWN, history: 1 }), [], { onFacts: true });
  return (
    <Table<EventRow>
      items={events.data?.events ?? []}
      trackBy="id"
      wrapLines
      loading={events.data === undefined && !events.error}
      loadingText="Reading"
      ariaLabels={{ tableLabel: "Recent events" }}
      header={
        <Header variant="h2" actions={<Go to="/events">All events</Go>}>
          Recent events
        </Header>
      }
      empty={<Box color="text-body-secondary">{events.error ?? "No event yet."}</Box>}
      columnDefinitions={[
        {
          id: "event",
          header: "Event",
          isRowHeader: true,
          cell: (one) => <Go to={`/events/${segment(one.id)}`}>{nameOf(one)}</Go>,
        },
        { id: "time", header: "Accepted", cell: (one) => clockTime(one.accepted_ms) },
        {
          id: "status",
          header: "Status",
          cell: (one) => {
            const { type, text } = status(one, now);
            return <Status type={type} text={text} />;
          },
        },
        { id: "waterfall", header: "Attempts and waits", minWidth: 200, width: "40%", cell: (one) => <Waterfall facts={one.history ?? []} /> },
      ]}
    />
  );
}
