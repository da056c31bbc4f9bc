// The private API: requests to the server itself, and the clock that every answer carries.
import { noteClock } from "./clock";

const ROOT = "/_outfall/api/";

/** What the private API answered instead of what was asked. */
export class Refused extends Error {
  constructor(readonly status: number, message: string) {
    super(message);
    this.name = "Error";
  }
}

type Query = Record<string, string | number | undefined>;

/** Asks the private API: `ask<Events>("events", { state: "failed" })`. */
export function ask<T>(path: string, query: Query = {}): Promise<T> {
  return request<T>("GET", path, query);
}

/** Has the private API do something. */
export function tell<T>(path: string, query: Query = {}, body?: string): Promise<T> {
  return request<T>("POST", path, query, body);
}

async function request<T>(method: string, path: string, query: Query, body?: string): Promise<T> {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== "") parameters.set(name, String(value));
  }
  const asked = parameters.size ? `?${parameters.toString()}` : "";
  const began = Date.now();
  const answer = await fetch(`${ROOT}${path}${asked}`, {
    method,
    body,
    cache: "no-store",
    headers: method === "GET" ? {} : { "x-outfall": "1" },
  });
  const told = (await answer.json()) as T & { clock_ms?: number; message?: string };
  if (told.clock_ms !== undefined) noteClock(told.clock_ms, (began + Date.now()) / 2);
  if (!answer.ok) throw new Refused(answer.status, told.message ?? `the server answered ${answer.status}`);
  return told;
}
