// Reading for a page: once, again when told to, when something happened to an event, when the server came back, or at
// intervals while the tab is looked at. What was read stays while it is read again.
import { useCallback, useEffect, useRef, useState } from "react";
import { explain } from "../aws/problem";
import { useAgain, useFacts, type Fact } from "./stream";

export interface Loaded<T> {
  data: T | undefined;
  error: string | undefined;
  cause: unknown;
  loading: boolean;
  reload: () => Promise<void>;
}

export interface LoadOptions {
  /** Read again every so many milliseconds. */
  every_ms?: number;
  /** Read again, a moment later, after facts: all, or those that this accepts. */
  onFacts?: boolean | ((fact: Fact) => boolean);
}

const GATHER_MS = 250;

/** What `read` answers; read anew when `deps` change. An answer that comes after a later one began is dropped. */
export function useLoad<T>(read: () => Promise<T>, deps: readonly unknown[], options: LoadOptions = {}): Loaded<T> {
  const [state, setState] = useState<Omit<Loaded<T>, "reload">>({
    data: undefined,
    error: undefined,
    cause: undefined,
    loading: true,
  });
  const latest = useRef(read);
  latest.current = read;
  const turn = useRef(0);

  const reload = useCallback(async () => {
    const mine = ++turn.current;
    setState((before) => ({ ...before, loading: true }));
    try {
      const data = await latest.current();
      if (mine === turn.current) setState({ data, error: undefined, cause: undefined, loading: false });
    } catch (error) {
      if (mine === turn.current) {
        setState((before) => ({ ...before, error: explain(error), cause: error, loading: false }));
      }
    }
  }, []);

  useEffect(() => {
    setState((before) => (before.data === undefined ? before : { ...before, data: undefined }));
    void reload();
    return () => void turn.current++;
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, deps);

  const soon = useSoon(() => void reload(), GATHER_MS);
  useFacts((fact) => {
    if (options.onFacts === true || (typeof options.onFacts === "function" && options.onFacts(fact))) soon();
  });
  useAgain(soon);
  useEvery(() => void reload(), options.every_ms);
  return { ...state, reload };
}

/** A function that does something a moment after it was called, once for all calls in between. */
export function useSoon(deed: () => void, after_ms: number): () => void {
  const latest = useRef(deed);
  latest.current = deed;
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  return useCallback(() => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      latest.current();
    }, after_ms);
  }, [after_ms]);
}

/** Does something at intervals while the tab is looked at. */
export function useEvery(deed: () => void, every_ms: number | undefined): void {
  const latest = useRef(deed);
  latest.current = deed;
  useEffect(() => {
    if (!every_ms) return undefined;
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") latest.current();
    }, every_ms);
    return () => clearInterval(timer);
  }, [every_ms]);
}
