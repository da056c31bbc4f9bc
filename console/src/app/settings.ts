// What this browser remembers: region, keys, theme, whether the panels are open. Nothing here is sent anywhere but in requests.
import { useSyncExternalStore } from "react";

export type Theme = "system" | "light" | "dark";

export interface Settings {
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
  theme: Theme;
  lessonOpen: boolean;
}

const DEFAULTS: Settings = {
  region: "us-east-1",
  accessKeyId: "test",
  secretAccessKey: "test",
  theme: "system",
  lessonOpen: true,
};
const NAME = "outfall.settings";
const listeners = new Set<() => void>();
let current: Settings = read();

function read(): Settings {
  try {
    return { ...DEFAULTS, ...(JSON.parse(localStorage.getItem(NAME) ?? "{}") as Partial<Settings>) };
  } catch {
    return DEFAULTS;
  }
}

/** The settings as they are now. */
export const settings = (): Settings => current;

/** Changes some of them, for all of this browser. */
export function change(some: Partial<Settings>): void {
  current = { ...current, ...some };
  try {
    localStorage.setItem(NAME, JSON.stringify(current));
  } catch {
    // A browser that keeps nothing has them until it is closed.
  }
  listeners.forEach((listener) => listener());
}

/** The settings, in a component that is drawn again when they change. */
export function useSettings(): Settings {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current,
  );
}
