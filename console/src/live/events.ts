// Asynchronous events as the private API tells of them: the list, one event whole, and what can be done with them.
import { ask, tell } from "./api";

export type EventState = "queued" | "running" | "waiting" | "succeeded" | "failed";

export interface EventFact {
  fact: string;
  at_ms: number;
  wall_ms: number;
  [field: string]: unknown;
}

export interface EventRow {
  id: string;
  account: string;
  region: string;
  /** The ARN that was invoked. */
  function: string;
  sender: string;
  state: EventState;
  accepted_ms: number;
  updated_ms: number;
  attempts: number;
  due_ms: number;
  condition: string;
  undelivered: number;
  kind: "invocation" | "batch" | "delivery";
  trace: string;
  /** With `history=1`: what happened to it, and the key of the object that it is about. */
  history?: EventFact[];
  key?: string;
}

export interface EventQuery {
  state?: string;
  function?: string;
  sender?: string;
  key?: string;
  text?: string;
  trace?: string;
  cursor?: string;
  limit?: number;
  history?: 1;
}

export interface EventPage {
  events: EventRow[];
  cursor: string;
  last: number;
}

export interface Delivery {
  delivered: boolean;
  at_ms: number;
  role: string;
  target: string;
  receipt?: string;
  size?: number;
  statement?: string;
  reason?: string;
  explanation?: string;
  body?: string;
  missing?: string;
}

export interface EventDetail {
  event: EventRow;
  history: EventFact[];
  payload: string | null;
  response: string | null;
  record: string | null;
  deliveries: Delivery[];
}

/** A fact as a chain tells it, with the event in whose history it stands; empty for one between events. */
export interface ChainFact extends EventFact {
  number: number;
  event: string;
}

/** All that followed from one cause. `whole` is false if there was more than is told. */
export interface Chain {
  trace: string;
  events: EventRow[];
  history: ChainFact[];
  whole: boolean;
}

export const getChain = (trace: string): Promise<Chain> => ask<Chain>(`traces/${encodeURIComponent(trace)}`);
export const listEvents = (query: EventQuery): Promise<EventPage> => ask<EventPage>("events", { ...query });
export const getEvent = (id: string): Promise<EventDetail> => ask<EventDetail>(`events/${encodeURIComponent(id)}`);
export const skipWait = (id: string): Promise<{ skipped: number }> => tell(`events/${encodeURIComponent(id)}/skip-wait`);
export const skipAllWaits = (): Promise<{ skipped: number }> => tell("events/skip-wait");
export const replay = (id: string): Promise<{ replay: string }> => tell(`events/${encodeURIComponent(id)}/replay`, { send: 1 });
export const redeliver = (id: string): Promise<unknown> => tell(`events/${encodeURIComponent(id)}/redeliver`);
