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
import { useServerNow } from "../../live/clock";
import { listEvents, type EventRow } from "../../live/events";
import { useLoad } from "../../live/load";
import { countdown, count } from "../../parts/format";
import { Buttons } from "../../parts/Page";
import type { FunctionState } from "./FunctionState";

const GLYPHS: Record<string, string> = { s3: "S3", sns: "SNS", events: "EB", sqs: "SQS", lambda: "λ", logs: "LOG" };
const SHOWN = 50;

export function Overview({ fn }: { fn: FunctionState }) {
  const navigate = useNavigate();
  const here = `/lambda/functions/${segment(fn.name)}`;
  const events = useLoad(() => listEvents({ function: fn.name, limit: SHOWN }), [fn.name], { onFacts: true });
  const rows = events.data?.events ?? [];
  const destinations = (["OnSuccess", "OnFailure"] as const).flatMap((condition) => {
    const arn = fn.invoke?.DestinationConfig?.[condition]?.Destination;
    return arn ? [{ condition, arn }] : [];
  });
  const isActive = rows.some(({ state }) => state === "queued" || state === "running" || state === "waiting");
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
            </Node>
          ))}
          {fn.triggers?.length === 0 && <Nothing>No triggers</Nothing>}
        </ul>
        <div className={isActive ? "diagram-line diagram-line-live" : "diagram-line"} aria-hidden="true" />
        <ul className="diagram-column" aria-label="Function">
          <Node service="lambda" title={fn.name} main>
            <Doing events={rows} />
          </Node>
        </ul>
        <div className={isActive ? "diagram-line diagram-line-live" : "diagram-line"} aria-hidden="true" />
        <ul className="diagram-column" aria-label="Destinations">
          {destinations.map(({ condition, arn }) => (
            <Node key={condition} service={arnParts(arn).service} title={<Place arn={arn} />} tone={condition}>
              {condition === "OnSuccess" ? "On success" : "On failure"}
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
  const under = events.filter(({ state }) => state === "queued" || state === "running" || state === "waiting");
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
