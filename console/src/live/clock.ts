// The server's clock, as far as its last answer told it: it runs on with ours, or stands still when the server's is moved
// by hand alone.
import { useEffect, useState } from "react";

let offset_ms = 0;
let told_ms = 0;
let manual = false;
let scale = 1;

/** The server told its time; `at_ms` is when, on our clock. */
export function noteClock(server_ms: number, at_ms: number): void {
  told_ms = server_ms;
  offset_ms = server_ms - at_ms;
}

/** Which clock it is: `system` or `manual`, and how much it shortens waits. */
export function noteKind(kind: string, time_scale: number): void {
  manual = kind === "manual";
  scale = time_scale;
}

export const isManual = (): boolean => manual;
export const timeScale = (): number => scale;

/** The time on the server, in milliseconds. */
export function serverNow(): number {
  return Math.round(manual ? told_ms : Date.now() + offset_ms);
}

/** The time on the server, in a component that is drawn again every `every_ms`. */
export function useServerNow(every_ms = 1000): number {
  const [now, setNow] = useState(serverNow);
  useEffect(() => {
    const timer = setInterval(() => setNow(serverNow()), every_ms);
    return () => clearInterval(timer);
  }, [every_ms]);
  return now;
}
