// The diagram of a function: who invokes it, what it does at this moment, and where its records go.
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import type { ReactNode } from "react";
import { useNavigate } from "react-router-dom";
import { Go } from "../../app/go";
import { segment } from "../../app/routes";
import { arnParts } from "../../aws/client";
import { lastName, SERVICES } from "../../aws/lambda";
import { placeOf } from "../../aws/places";
import { queueAttributes, queueUrl } from "../../aws/sqs";
import { useServerNow } from "../../live/clock";
import { listEvents, type EventRow } from "../../live/events";
import { useLoad } from "../../live/load";
import { countdown, count } from "../../parts/format";
import { Buttons } from "../../parts/Page";
import type { FunctionState } from "./FunctionState";

const GLYPHS: Record<string, string> = { s3: "S3", sns: "SNS", events: "EB", sqs: "SQS", lambda: "λ", logs: "LOG" };
/** So many of the newest events are counted. */
const COUNTED = 200;

export function Overview({ fn }: { fn: FunctionState }) {
  const navigate = useNavigate();
  const here = `/lambda/functions/${segment(fn.name)}`;
  const events = useLoad(() => listEvents({ function: fn.name, limit: COUNTED }), [fn.name], { onFacts: true });
  const rows = events.data?.events ?? [];
  const destinations = (["OnSuccess", "OnFailure"] as const).flatMap((condition) => {
    const arn = fn.invoke?.DestinationConfig?.[condition]?.Destination;
    return arn ? [{ condition, arn }] : [];
  });
  const counted = countsOf(rows, Boolean(events.data?.cursor));
  const queues = useLoad(
    () => readQueues([...(fn.triggers ?? []).map(({ arn }) => arn), ...destinations.map(({ arn }) => arn)]),
    [fn.triggers?.map(({ arn }) => arn).join(), destinations.map(({ arn }) => arn).join()],
    { every_ms: 3000, onFacts: true },
  );
  const isActive = rows.some(isUnderWay);
  return (
    <Container
      header={
        <Header
          variant="h2"
          actions={
            <Buttons>
              <Button iconName="add-plus" onClick={() => navigate(`${here}/add/trigger`)}>
                Add trigger
              </Button>
              <Button iconName="add-plus" onClick={() => navigate(`${here}/add/destination`)}>
                Add destination
              </Button>
            </Buttons>
          }
        >
          Function overview
        </Header>
      }
    >
      <div className="diagram">
        <ul className="diagram-column" aria-label="Triggers">
          {fn.triggers?.map((one) => (
            <Node key={one.id} service={one.service} title={SERVICES[one.service] ?? one.service}>
              <Place arn={one.arn} />
              <Waiting number={queues.data?.[one.arn]} />
            </Node>
          ))}
          {fn.triggers?.length === 0 && <Nothing>No triggers</Nothing>}
        </ul>
        <div className={isActive ? "diagram-line diagram-line-live" : "diagram-line"} aria-hidden="true" />
        <ul className="diagram-column" aria-label="Function">
          <Node service="lambda" title={fn.name} main>
            <Doing events={rows} />
            {rows.length > 0 && <div>{counted.all}</div>}
          </Node>
        </ul>
        <div className={isActive ? "diagram-line diagram-line-live" : "diagram-line"} aria-hidden="true" />
        <ul className="diagram-column" aria-label="Destinations">
          {destinations.map(({ condition, arn }) => (
            <Node key={condition} service={arnParts(arn).service} title={<Place arn={arn} />} tone={condition}>
              {condition === "OnSuccess" ? `On success: ${counted.good}` : `On failure: ${counted.bad}`}
              <Waiting number={queues.data?.[arn]} />
              {counted.lost[condition] > 0 && <StatusIndicator type="error">{`${counted.lost[condition]} not delivered`}</StatusIndicator>}
            </Node>
          ))}
          {destinations.length === 0 && <Nothing>No destinations</Nothing>}
        </ul>
      </div>
    </Container>
  );
}

interface NodeProps {
  service: string;
  title: ReactNode;
  main?: boolean;
  tone?: "OnSuccess" | "OnFailure";
  children: ReactNode;
}

function Node({ service, title, main = false, tone, children }: NodeProps) {
  const classes = ["diagram-node", main && "diagram-main", tone && `diagram-${tone}`].filter(Boolean).join(" ");
  return (
    <li className={classes}>
      <span className={`glyph glyph-${service}`} aria-hidden="true">
        {GLYPHS[service] ?? "?"}
      </span>
      <span className="diagram-text">
        <Box fontWeight="bold">{title}</Box>
        <Box fontSize="body-s" color="text-body-secondary">
          {children}
        </Box>
      </span>
    </li>
  );
}

const isUnderWay = ({ state }: EventRow): boolean => state === "queued" || state === "running" || state === "waiting";

/** How many of the newest events came, went well or did not. */
function countsOf(rows: readonly EventRow[], more: boolean) {
  const plus = more ? "+" : "";
  const good = rows.filter(({ condition }) => condition === "Success");
  const bad = rows.filter(({ condition, state }) => condition !== "Success" && state === "failed");
  const lost = (some: readonly EventRow[]) => some.filter(({ undelivered }) => undelivered > 0).length;
  return {
    all: `${rows.length}${plus} ${rows.length === 1 ? "event" : "events"}`,
    good: `${good.length}${plus}`,
    bad: `${bad.length}${plus}`,
    lost: { OnSuccess: lost(good), OnFailure: lost(bad) },
  };
}

/** How many messages there are in each of these that is a queue. */
async function readQueues(arns: readonly string[]): Promise<Record<string, number>> {
  const found = arns.filter((arn) => arnParts(arn).service === "sqs").map(async (arn) => {
    const attributes = await queueAttributes(await queueUrl(lastName(arn)));
    return [arn, Number(attributes.ApproximateNumberOfMessages ?? 0) + Number(attributes.ApproximateNumberOfMessagesNotVisible ?? 0)] as const;
  });
  const told = await Promise.allSettled(found);
  return Object.fromEntries(told.flatMap((one) => (one.status === "fulfilled" ? [one.value] : [])));
}

function Waiting({ number }: { number: number | undefined }) {
  return number === undefined ? null : <div>{count(number, "message")} in the queue</div>;
}

function Place({ arn }: { arn: string }) {
  const place = placeOf(arn);
  return place ? <Go to={place}>{lastName(arn)}</Go> : <>{lastName(arn)}</>;
}

function Nothing({ children }: { children: ReactNode }) {
  return <li className="diagram-nothing">{children}</li>;
}

/** What the function does at this moment. */
function Doing({ events }: { events: EventRow[] }) {
  const now = useServerNow();
  const under = events.filter(isUnderWay);
  if (!under.length) return <span>{events.length ? "Nothing in flight" : "No event yet"}</span>;
  const next = under.filter(({ state }) => state === "waiting").sort((a, b) => a.due_ms - b.due_ms)[0];
  const text = `${under.length} in flight`;
  if (!next) return <StatusIndicator type="in-progress">{`${text}: ${count(under.length, "event")} on the way`}</StatusIndicator>;
  return (
    <StatusIndicator type="pending">
      {`${text}: waiting ${countdown(next.due_ms - now)} for retry ${next.attempts} of 2`}
    </StatusIndicator>
  );
}
