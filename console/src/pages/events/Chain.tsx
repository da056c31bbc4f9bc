// All that followed from the same cause as an event, in order: through functions, queues, topics and buses.
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import Spinner from "@cloudscape-design/components/spinner";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { useState } from "react";
import { Go } from "../../app/go";
import { segment } from "../../app/routes";
import { getChain, type Chain as ChainTold } from "../../live/events";
import { useLoad } from "../../live/load";
import { duration, preciseTime } from "../../parts/format";
import { lines, nameOf } from "./story";

const SHOWN_MAX = 500;

export function Chain({ trace, event }: { trace: string; event: string }) {
  const [open, setOpen] = useState(false);
  const read = useLoad(async () => (open ? getChain(trace) : undefined), [open, trace], { onFacts: () => open });
  return (
    <ExpandableSection
      headerText="Chain"
      headerDescription={open ? `Everything with the same cause, trace ${trace}` : undefined}
      expanded={open}
      onChange={({ detail }) => setOpen(detail.expanded)}
    >
      {open && read.error && <Alert type="error">{read.error}</Alert>}
      {open && !read.data && !read.error && <Spinner />}
      {open && read.data && <Told chain={read.data} event={event} />}
    </ExpandableSection>
  );
}

function Told({ chain, event }: { chain: ChainTold; event: string }) {
  const events = new Map(chain.events.map((one) => [one.id, one]));
  const first_ms = chain.history[0]?.at_ms ?? 0;
  const told = lines(chain.history.slice(0, 2 * SHOWN_MAX)).slice(0, SHOWN_MAX);
  const count = chain.events.length;
  return (
    <>
      <Box color="text-body-secondary" padding={{ bottom: "s" }}>
        {count === 1 ? "No other event came of it. " : `${count} events. `}
        {count > 1 && <Go to={`/events?trace=${segment(chain.trace)}`}>Show them in the list</Go>}
      </Box>
      <ol className="timeline" aria-label="Chain">
        {told.map((line, i) => {
          const of = events.get(line.event ?? "");
          return (
            <li key={i}>
              <StatusIndicator type={line.type}>{line.text}</StatusIndicator>{" "}
              <Box variant="small" display="inline">
                {preciseTime(line.at_ms)}, +{duration(line.at_ms - first_ms)}
              </Box>
              <Box className="timeline-detail" color="text-body-secondary" fontSize="body-s">
                {of && (of.id === event ? "This event" : <Go to={`/events/${segment(of.id)}`}>{nameOf(of)}</Go>)}
                {of && line.detail ? ": " : ""}
                {line.detail}
              </Box>
            </li>
          );
        })}
      </ol>
      {(!chain.whole || told.length === SHOWN_MAX) && <Box color="text-body-secondary">And more, which is not told here.</Box>}
    </>
  );
}
