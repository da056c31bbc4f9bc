// What the path of the page that is shown names.
import { createContext, useContext } from "react";

export const ParamsContext = createContext<Readonly<Record<string, string>>>({});

/** A name in the page's path, such as `name` in `/sqs/queues/:name`. */
export function useParam(name: string): string {
  return useContext(ParamsContext)[name] ?? "";
}
