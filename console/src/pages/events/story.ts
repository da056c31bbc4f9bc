// What the facts of an event amount to: bars for the waterfall, lines for the timeline, words for its state.
import type { StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import { arnParts } from "../../aws/client";
import { lastName } from "../../aws/lambda";
import type { EventFact, EventRow } from "../../live/events";
import { count, duration } from "../../parts/format";

export type Tone = "queue" | "good" | "bad" | "wait" | "sent" | "running";

export interface Bar {
  tone: Tone;
  text: string;
  /** What it says when asked. */
  title: string;
  ms: number;
  /** It goes on at this moment. */
  open?: boolean;
}

const text = (value: unknown): string => (value === undefined || value === null ? "" : String(value));
const SHORT: Record<string, string> = { sqs: "SQS", sns: "SNS", lambda: "Lambda", events: "EventBridge", s3: "S3" };

/** The bars of an event, in order; `now_ms` ends the one that goes on. */
export function bars(facts: readonly EventFact[], now_ms: number): Bar[] {
  const found: Bar[] = [];
  let since = facts[0]?.at_ms ?? now_ms;
  let doing: "queue" | "attempt" | "wait" | "done" = "queue";
  let number = 0;
  const wait = (at: number, skipped: boolean) => {
    const ms = at - since;
    found.push({ tone: "wait", ms, text: `${skipped ? "skipped after" : "waited"} ${duration(ms)}`, title: `Waited ${duration(ms)}${skipped ? ", then the wait was skipped" : ""}` });
  };
  for (const fact of facts) {
    const { at_ms } = fact;
    if (fact.fact === "AttemptStarted") {
      if (doing === "queue") found.push({ tone: "queue", ms: at_ms - since, text: duration(at_ms - since), title: `On the queue for ${duration(at_ms - since)}` });
      if (doing === "wait") wait(at_ms, false);
      number = Number(fact.attempt);
      [since, doing] = [at_ms, "attempt"];
    } else if (fact.fact === "AttemptEnded") {
      found.push(attemptBar(fact, at_ms - since));
      [since, doing] = [at_ms, "queue"];
    } else if (fact.fact === "WaitStarted") {
      [since, doing] = [at_ms, "wait"];
    } else if (fact.fact === "WaitSkipped") {
      wait(at_ms, true);
      [since, doing] = [at_ms, "done"];
    } else if (fact.fact === "Settled") {
      if (!found.length) found.push({ tone: "queue", ms: at_ms - since, text: duration(at_ms - since), title: `On the queue for ${duration(at_ms - since)}, never tried` });
      [since, doing] = [at_ms, "done"];
    } else if (fact.fact === "Delivered" || fact.fact === "Undelivered") {
      found.push(deliveryBar(fact, at_ms - since));
    }
  }
  const ms = Math.max(0, now_ms - since);
  if (doing === "attempt") found.push({ tone: "running", ms, open: true, text: `${number} running ${duration(ms)}`, title: `Attempt ${number} runs` });
  if (doing === "wait") found.push({ tone: "wait", ms, open: true, text: `waiting ${duration(ms)}`, title: `Has waited ${duration(ms)}` });
  if (doing === "queue" && !found.some(({ tone }) => tone === "sent")) {
    const isEnded = facts.some(({ fact }) => fact === "Settled");
    if (!isEnded) found.push({ tone: "queue", ms, open: true, text: duration(ms), title: `On the queue for ${duration(ms)}` });
  }
  return found;
}

function attemptBar(fact: EventFact, ms: number): Bar {
  const failed = text(fact.function_error) !== "" || Number(fact.status_code) !== 200;
  const what = failed ? text(fact.error_message) || text(fact.error_type) || "failed" : "ok";
  return {
    tone: failed ? "bad" : "good",
    ms,
    text: `${text(fact.attempt)} ${what} ${duration(ms)}`,
    title: `Attempt ${text(fact.attempt)}: ${what}, ${duration(ms)}`,
  };
}

function deliveryBar(fact: EventFact, ms: number): Bar {
  const target = text(fact.target);
  const kind = SHORT[arnParts(target).service] ?? "";
  const delivered = fact.fact === "Delivered";
  return {
    tone: delivered ? "sent" : "bad",
    ms,
    text: delivered ? `${kind} ${duration(ms)}` : `${kind} refused`,
    title: delivered ? `Arrived at ${lastName(target)}` : `Did not arrive at ${lastName(target)}: ${text(fact.reason)}`,
  };
}

export interface Status {
  type: StatusIndicatorProps.Type;
  text: string;
}

/** Whether there is a wait to be skipped: for an attempt, or for the messages of a batch that failed. */
export const waits = (event: EventRow, now_ms: number): boolean =>
  event.state === "waiting" || (event.kind === "batch" && event.due_ms > now_ms);

/** The state of an event, in words. */
export function status(event: EventRow, now_ms: number): Status {
  if (event.state === "waiting") {
    const what = event.attempts ? `Retry ${event.attempts}` : "Next attempt";
    return { type: "pending", text: `${what} in ${duration(Math.max(0, event.due_ms - now_ms))}` };
  }
  if (event.state === "queued") return { type: "pending", text: "Queued" };
  if (event.state === "running") return { type: "in-progress", text: `Attempt ${event.attempts + 1} runs` };
  if (event.undelivered) return { type: "error", text: "Record not delivered" };
  if (waits(event, now_ms)) return { type: "error", text: `Failed, back in its queue in ${duration(event.due_ms - now_ms)}` };
  const sent = event.history?.find(({ fact, role }) => fact === "Delivered" && role === "destination");
  const queue = sent && lastName(text(sent.target));
  if (event.state === "succeeded") return { type: "success", text: queue ? `Sent to ${queue}` : "Succeeded" };
  return { type: "error", text: queue ? `Failed, sent to ${queue}` : "Failed" };
}

/** What an event is called: the object that it is about, else its function. */
export function nameOf(event: EventRow): string {
  if (event.kind === "batch") return `Batch of ${lastName(event.sender)}`;
  const source = text(event.history?.[0]?.source_arn);
  if (event.key) return arnParts(source).service === "s3" ? `s3://${lastName(source)}/${event.key}` : event.key;
  return lastName(event.function);
}

export interface Line {
  type: StatusIndicatorProps.Type;
  text: string;
  detail?: string;
  at_ms: number;
  /** The event in whose history it stands, where there are several. */
  event?: string;
}

type Tell = (fact: EventFact, before: EventFact | undefined) => Omit<Line, "at_ms" | "event">;

const LINES: Record<string, Tell> = {
  EventAccepted: (fact) => ({
    type: "success",
    text: "Lambda accepted the event (202)",
    detail: `From ${text(fact.sender)}${fact.source_arn ? `, because of ${text(fact.source_arn)}` : ""}`,
  }),
  AttemptStarted: (fact) => ({ type: "in-progress", text: `Attempt ${text(fact.attempt)} began` }),
  AttemptEnded: (fact) => {
    const failed = text(fact.function_error) !== "" || Number(fact.status_code) !== 200;
    const took = `${Number(fact.duration_ms).toFixed(1)} ms${fact.init_ms ? `, ${Number(fact.init_ms).toFixed(0)} ms of start` : ""}, version ${text(fact.executed_version)}`;
    if (!failed) return { type: "success", text: `Attempt ${text(fact.attempt)} succeeded`, detail: took };
    const what = [text(fact.error_type), text(fact.error_message)].filter(Boolean).join(": ") || `status ${text(fact.status_code)}`;
    return { type: "error", text: `Attempt ${text(fact.attempt)}: ${what}`, detail: took };
  },
  AttemptLost: (fact) => ({ type: "warning", text: `Attempt ${text(fact.attempt)} was lost with the server; it is made again and not counted` }),
  AttemptThrottled: (fact) => ({ type: "warning", text: `Throttled: ${text(fact.reason)}`, detail: "There was no concurrency; the attempt does not count." }),
  WaitStarted: (fact) => ({ type: "info", text: `Waits ${duration(Number(fact.due_ms) - fact.at_ms)} for the next attempt`, detail: Number(fact.nominal_ms) === Number(fact.due_ms) - fact.at_ms ? undefined : `On AWS it would be ${duration(Number(fact.nominal_ms))}` }),
  WaitSkipped: (fact, before) => ({ type: "info", text: `The wait was skipped after ${duration(fact.at_ms - (before?.at_ms ?? fact.at_ms))}`, detail: `${duration(Number(fact.remaining_ms))} were left` }),
  Settled: (fact) => ({ type: fact.condition === "Success" ? "success" : "error", text: `Ended: ${text(fact.condition)}`, detail: `After ${text(fact.attempts)} ${fact.attempts === 1 ? "attempt" : "attempts"}` }),
  Delivered: (fact) => ({ type: "success", text: `${ROLES[text(fact.role)] ?? "It"} arrived at ${lastName(text(fact.target))}`, detail: text(fact.target) }),
  Undelivered: (fact) => ({ type: "error", text: `${ROLES[text(fact.role)] ?? "It"} did not arrive at ${lastName(text(fact.target))}: ${text(fact.reason)}`, detail: text(fact.explanation) }),
  Replayed: (fact) => ({ type: "info", text: "Sent again", detail: `${text(fact.original)} as ${text(fact.replay)}` }),
  BatchTaken: (fact) => ({ type: "success", text: `Took ${count(Number(fact.count), "message")} from ${lastName(text(fact.source))}` }),
  BatchEnded: (fact) => ({ type: "info", text: `${count(Number(fact.deleted), "message")} deleted, ${text(fact.returned)} returned to ${lastName(text(fact.source))}` }),
  Published: (fact) => ({ type: "info", text: `${lastName(text(fact.resource))} took it: ${text(fact.wanted)} of ${text(fact.listeners)} want it` }),
  DeliveryFailed: (fact) => ({ type: "warning", text: `Attempt ${text(fact.attempt)} to hand over to ${lastName(text(fact.target))} failed`, detail: text(fact.explanation) }),
};

const ROLES: Record<string, string> = { destination: "The record", "dead-letter": "The dead letter" };

/** The timeline of an event, or of a chain of them. That an attempt began is left out once it has ended. */
export function lines(facts: readonly EventFact[]): Line[] {
  return facts.flatMap((fact, i) => {
    const ended = (later: EventFact) => later.fact === "AttemptEnded" && later.attempt === fact.attempt && later.event === fact.event;
    if (fact.fact === "AttemptStarted" && facts.slice(i + 1).some(ended)) return [];
    const tell = LINES[fact.fact] ?? (() => ({ type: "info" as const, text: fact.fact }));
    const before = facts.slice(0, i).findLast((earlier) => earlier.event === fact.event);
    return [{ ...tell(fact, before), at_ms: fact.at_ms, event: fact.event as string | undefined }];
  });
}
