// The messages above a page: what was done, what went wrong. They go when the user goes on to another page; one that was
// said on the way to a page stays for that page.
import type { FlashbarProps } from "@cloudscape-design/components/flashbar";
import { createContext, useCallback, useContext, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { useLocation, useNavigate } from "react-router-dom";
import { explain } from "../aws/problem";

type Kind = "success" | "error" | "info" | "warning";

interface Message {
  id: string;
  kind: Kind;
  text: ReactNode;
  header?: string;
  arriving: boolean;
}

export interface Flash {
  /** Tells of a success on this page. */
  success(text: ReactNode): void;
  info(text: ReactNode): void;
  warning(text: ReactNode): void;
  /** Tells what went wrong; `what` is what was tried. */
  failure(error: unknown, what?: string): void;
  /** Goes to another page and tells it there. */
  done(text: ReactNode, to: string): void;
  clear(): void;
}

const SHOWN_MAX = 6;
const FlashContext = createContext<{ flash: Flash; items: FlashbarProps.MessageDefinition[] } | null>(null);

export function FlashProvider({ children }: { children: ReactNode }) {
  const [messages, setMessages] = useState<Message[]>([]);
  const { pathname } = useLocation();
  const navigate = useNavigate();
  const number = useRef(0);
  const page = useRef(pathname);

  useEffect(() => {
    if (page.current === pathname) return;
    page.current = pathname;
    setMessages((all) => all.filter((one) => one.arriving).map((one) => ({ ...one, arriving: false })));
  }, [pathname]);

  const say = useCallback((kind: Kind, text: ReactNode, header?: string, arriving = false) => {
    const id = `flash-${++number.current}`;
    setMessages((all) => [{ id, kind, text, header, arriving }, ...all].slice(0, SHOWN_MAX));
  }, []);

  const flash = useMemo<Flash>(
    () => ({
      success: (text) => say("success", text),
      info: (text) => say("info", text),
      warning: (text) => say("warning", text),
      failure: (error, what) => say("error", explain(error), what),
      done: (text, to) => {
        say("success", text, undefined, true);
        navigate(to);
      },
      clear: () => setMessages([]),
    }),
    [say, navigate],
  );

  const value = useMemo(
    () => ({
      flash,
      items: messages.map((one) => ({
        id: one.id,
        type: one.kind,
        header: one.header,
        content: one.text,
        dismissible: true,
        dismissLabel: "Dismiss message",
        onDismiss: () => setMessages((all) => all.filter((other) => other.id !== one.id)),
      })),
    }),
    [flash, messages],
  );
  return <FlashContext.Provider value={value}>{children}</FlashContext.Provider>;
}

function useFlashContext() {
  const found = useContext(FlashContext);
  if (!found) throw new Error("there is no FlashProvider above");
  return found;
}

export const useFlash = (): Flash => useFlashContext().flash;
export const useFlashItems = (): FlashbarProps.MessageDefinition[] => useFlashContext().items;
