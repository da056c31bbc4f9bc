// One event, whole: why its record did not arrive, what happened in order, what went in and came out.
import { GetFunctionConfigurationCommand } from "@aws-sdk/client-lambda";
import { CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import Container from "@cloudscape-design/components/container";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import Toggle from "@cloudscape-design/components/toggle";
import { useState } from "react";
import { useFlash } from "../../app/flash";
import { Go } from "../../app/go";
import { client } from "../../aws/client";
import { permitDestination } from "../../aws/iam";
import { lambda, lastName } from "../../aws/lambda";
import { placeOf } from "../../aws/places";
import { isCalled } from "../../aws/problem";
import { useServerNow } from "../../live/clock";
import { getEvent, redeliver, skipWait, type Delivery, type EventDetail, type EventRow } from "../../live/events";
import { useLoad } from "../../live/load";
import { Code } from "../../parts/Code";
import { preciseTime } from "../../parts/format";
import { Buttons, ReadFailed } from "../../parts/Page";
import { Values } from "../../parts/Value";
import { Chain } from "./Chain";
import { commands, copy, type Way } from "./commands";
import { SendAgain } from "./SendAgain";
import { lines, nameOf, status, waits } from "./story";
import { Waterfall } from "./Waterfall";

const WAYS: Record<Way, string> = { cli: "AWS CLI", boto3: "boto3", pytest: "pytest" };

export function EventPanel({ id }: { id: string }) {
  const read = useLoad(() => getEvent(id), [id], { onFacts: (fact) => fact.event === id });
  const [sending, setSending] = useState(false);
  const [proportional, setProportional] = useState(false);
  const flash = useFlash();
  const now = useServerNow();
  if (!read.data) return read.error ? <ReadFailed read={read} /> : <Spinner size="large" />;
  const detail = read.data;
  const event: EventRow = { ...detail.event, history: detail.history, key: keyOf(detail.payload) };
  const state = status(event, now);
  const place = placeOf(event.function);

  const skip = async () => {
    try {
      await skipWait(id);
      await read.reload();
    } catch (error) {
      flash.failure(error, "The wait was not skipped");
    }
  };
  const onCopy = async (way: Way) => {
    try {
      await copy(commands(way, event.function, detail.payload ?? ""));
      flash.success(`Copied as ${WAYS[way]}.`);
    } catch (error) {
      flash.failure(error, "This browser does not let a page copy");
    }
  };

  return (
    <Container
      header={
        <Header
          variant="h2"
          actions={
            <Buttons>
              {waits(event, now) && (
                <Button iconName="angle-right-double" onClick={() => void skip()}>
                  Skip the wait
                </Button>
              )}
              <Button iconName="redo" onClick={() => setSending(true)}>
                Send again
              </Button>
              <ButtonDropdown
                items={Object.entries(WAYS).map(([way, text]) => ({ id: way, text }))}
                onItemClick={(item) => void onCopy(item.detail.id as Way)}
              >
                Copy as
              </ButtonDropdown>
            </Buttons>
          }
        >
          {nameOf(event)}
        </Header>
      }
    >
      <SpaceBetween size="l">
        {detail.deliveries.filter((one) => !one.delivered && !isMended(detail, one)).map((one, i) => (
          <NotDelivered key={i} event={event} delivery={one} onMended={read.reload} />
        ))}
        <Values
          items={[
            ["Status", <StatusIndicator key="state" type={state.type}>{state.text}</StatusIndicator>],
            ["Function", place ? <Go to={place}>{lastName(event.function)}</Go> : lastName(event.function)],
            ["Request ID", event.id],
            ["Accepted", preciseTime(event.accepted_ms)],
            ["Sender", event.sender],
            ["Condition", event.condition || "-"],
          ]}
        />
        <div>
          <Box float="right">
            <Toggle checked={proportional} onChange={(change) => setProportional(change.detail.checked)}>
              Draw waits as long as they were
            </Toggle>
          </Box>
          <Box variant="h3">Attempts and waits</Box>
          <Waterfall facts={detail.history} proportional={proportional} />
        </div>
        <ol className="timeline" aria-label="Timeline">
          {lines(detail.history).map((line, i) => (
            <li key={i}>
              <StatusIndicator type={line.type}>{line.text}</StatusIndicator>{" "}
              <Box variant="small" display="inline">
                {preciseTime(line.at_ms)}
              </Box>
              {line.detail && <Box className="timeline-detail" color="text-body-secondary" fontSize="body-s">{line.detail}</Box>}
            </li>
          ))}
        </ol>
        <Part title="Event" text={detail.payload} missing="The payload was not kept." />
        <Part title="Answer of the function" text={detail.response} missing="There is no answer." />
        <Part title="Invocation record" text={detail.record} missing="There is none before the event ends." />
        <LogLines detail={detail} />
        {event.trace && <Chain trace={event.trace} event={event.id} />}
      </SpaceBetween>
      {sending && <SendAgain id={id} onClose={() => setSending(false)} />}
    </Container>
  );
}

function Part({ title, text, missing }: { title: string; text: string | null; missing: string }) {
  const [open, setOpen] = useState(false);
  return (
    <ExpandableSection headerText={title} expanded={open} onChange={({ detail }) => setOpen(detail.expanded)}>
      {open && (text === null ? <Box color="text-body-secondary">{missing}</Box> : <Code text={text} label={`Copy ${title}`} />)}
    </ExpandableSection>
  );
}

function keyOf(payload: string | null): string {
  try {
    const told = JSON.parse(payload ?? "") as { Records?: { s3?: { object?: { key?: string } } }[] };
    return decodeURIComponent((told.Records?.[0]?.s3?.object?.key ?? "").replace(/\+/g, " "));
  } catch {
    return "";
  }
}

/** Whether what did not arrive has arrived since. */
function isMended({ deliveries }: EventDetail, failed: Delivery): boolean {
  return deliveries.some((one) => one.delivered && one.target === failed.target && one.at_ms >= failed.at_ms);
}

interface NotDeliveredProps {
  event: EventRow;
  delivery: Delivery;
  onMended: () => Promise<void>;
}

function NotDelivered({ event, delivery, onMended }: NotDeliveredProps) {
  const [busy, setBusy] = useState(false);
  const [permitted, setPermitted] = useState(false);
  const flash = useFlash();
  const name = lastName(delivery.target);
  const doing = async (deed: () => Promise<unknown>, what: string) => {
    setBusy(true);
    try {
      await deed();
    } catch (error) {
      flash.failure(error, what);
    }
    setBusy(false);
  };
  const permit = () =>
    doing(async () => {
      const fn = await lambda().send(new GetFunctionConfigurationCommand({ FunctionName: event.function.split(":").slice(0, 7).join(":") }));
      await permitDestination(fn.Role ?? "", delivery.target);
      setPermitted(true);
      flash.success(`The execution role ${lastName(fn.Role ?? "")} may send to ${name} now.`);
    }, "The permission was not added");
  const send = () =>
    doing(async () => {
      await redeliver(event.id);
      flash.success(`The record was sent to ${name} again.`);
      await onMended();
    }, "The record was not sent again");
  return (
    <Alert
      type="error"
      header={`The record was not delivered to ${name}`}
      action={
        delivery.missing && !permitted ? (
          <Button loading={busy} onClick={() => void permit()}>
            Add permission
          </Button>
        ) : (
          <Button loading={busy} onClick={() => void send()}>
            Send the record again
          </Button>
        )
      }
    >
      {(delivery.explanation ?? "").replace(/\.?$/, ".")} Lambda raised the DestinationDeliveryFailures metric. AWS drops the record here; Outfall keeps it so you can read it below.
    </Alert>
  );
}

function LogLines({ detail }: { detail: EventDetail }) {
  const [open, setOpen] = useState(false);
  const ended = detail.history.find(({ fact, log_group }) => fact === "AttemptEnded" && log_group);
  const group = String(ended?.log_group ?? "");
  const read = useLoad(async () => (open && group ? readLog(group, detail.event) : undefined), [open, group, detail.event.updated_ms]);
  return (
    <ExpandableSection headerText="Log" expanded={open} onChange={(change) => setOpen(change.detail.expanded)}>
      {open && !group && <Box color="text-body-secondary">The function has written nothing.</Box>}
      {read.error && <Alert type="error">{read.error}</Alert>}
      {read.data !== undefined && <Code text={read.data || "The log has no lines of this event: its role may not write logs, or they are gone."} language="text" label="Copy the log" />}
    </ExpandableSection>
  );
}

/** The lines between START and REPORT of the event's request, of all its attempts. */
async function readLog(logGroupName: string, event: EventRow): Promise<string> {
  try {
    const got = await client(CloudWatchLogsClient).send(
      new FilterLogEventsCommand({ logGroupName, startTime: event.accepted_ms - 1000, endTime: event.updated_ms + 60_000, limit: 2000 }),
    );
    const kept: string[] = [];
    const inside = new Set<string>();
    for (const { message = "", logStreamName = "" } of got.events ?? []) {
      if (message.startsWith("START ") || message.startsWith("INIT_START")) inside.delete(logStreamName);
      if (message.includes(event.id)) inside.add(logStreamName);
      if (inside.has(logStreamName)) kept.push(message.trimEnd());
      if (message.startsWith("REPORT ")) inside.delete(logStreamName);
    }
    return kept.join("\n");
  } catch (error) {
    if (isCalled(error, "ResourceNotFoundException")) return "";
    throw error;
  }
}
