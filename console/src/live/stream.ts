// The one connection over which the server tells what happens. It comes back by itself, goes on where it was, notices a
// server that was started anew, and rests while nobody looks at the tab: a browser has six connections for one server.
import { useEffect, useRef, useSyncExternalStore } from "react";
import { ask } from "./api";
import { noteKind } from "./clock";

export interface Fact {
  number: number;
  event: string;
  fact: string;
  at_ms: number;
}

export type Connection = "connecting" | "open" | "lost";

const RETRY_MS = 1000;
const LOST_AFTER_MS = 700;
const REST_AFTER_MS = 30_000;

const factListeners = new Set<(fact: Fact) => void>();
const againListeners = new Set<() => void>();
const stateListeners = new Set<() => void>();

let state: Connection = "connecting";
let source: EventSource | null = null;
let last = -1;
let retrying: ReturnType<typeof setTimeout> | undefined;
let doubting: ReturnType<typeof setTimeout> | undefined;
let resting: ReturnType<typeof setTimeout> | undefined;
let started = false;
let opens = 0;

function become(next: Connection): void {
  if (state === next) return;
  state = next;
  stateListeners.forEach((listener) => listener());
}

async function open(): Promise<void> {
  clearTimeout(retrying);
  close();
  const mine = ++opens;
  try {
    const health = await ask<{ clock: string; time_scale: number }>("health");
    noteKind(health.clock, health.time_scale);
    const { last: newest } = await ask<{ last: number }>("events", { limit: 1 });
    if (mine !== opens) return;
    if (last < 0 || last > newest) last = newest; // Beyond the end: the server began anew.
    source = new EventSource(`/_outfall/api/stream?after=${last}`);
  } catch {
    if (mine === opens) lost();
    return;
  }
  source.onopen = () => {
    trust();
    become("open");
    againListeners.forEach((listener) => listener());
  };
  source.onmessage = (message: MessageEvent<string>) => {
    const fact = JSON.parse(message.data) as Fact;
    last = fact.number;
    factListeners.forEach((listener) => listener(fact));
  };
  source.onerror = lost;
}

/** It broke: try again soon, and say so if that does not help at once. */
function lost(): void {
  close();
  doubting ??= setTimeout(() => become("lost"), LOST_AFTER_MS);
  clearTimeout(retrying);
  retrying = setTimeout(() => void open(), state === "lost" ? RETRY_MS : RETRY_MS / 4);
}

/** There is no reason to doubt that the server is there, or nobody looks. */
function trust(): void {
  clearTimeout(doubting);
  doubting = undefined;
}

function close(): void {
  source?.close();
  source = null;
}

function onVisibility(): void {
  clearTimeout(resting);
  if (document.visibilityState === "hidden") {
    resting = setTimeout(() => {
      opens++;
      close();
      clearTimeout(retrying);
      trust();
    }, REST_AFTER_MS);
  } else if (source === null) {
    void open();
  }
}

function start(): void {
  if (started) return;
  started = true;
  document.addEventListener("visibilitychange", onVisibility);
  void open();
}

/** Whether the server is there. */
export function useConnection(): Connection {
  return useSyncExternalStore(
    (listener) => {
      start();
      stateListeners.add(listener);
      return () => stateListeners.delete(listener);
    },
    () => state,
  );
}

/** Calls back for every fact of every event as it happens. */
export function useFacts(callback: (fact: Fact) => void): void {
  const latest = useRef(callback);
  latest.current = callback;
  useEffect(() => {
    start();
    const listener = (fact: Fact) => latest.current(fact);
    factListeners.add(listener);
    return () => void factListeners.delete(listener);
  }, []);
}

/** Calls back whenever the connection was made (again): what was read before may be old. */
export function useAgain(callback: () => void): void {
  const latest = useRef(callback);
  latest.current = callback;
  useEffect(() => {
    start();
    const listener = () => latest.current();
    againListeners.add(listener);
    return () => void againListeners.delete(listener);
  }, []);
}
