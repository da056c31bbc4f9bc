// What is said while the server is not there, and when it is back.
import type { FlashbarProps } from "@cloudscape-design/components/flashbar";
import { useEffect, useRef } from "react";
import { useConnection } from "../live/stream";
import { useFlash } from "./flash";

/** The message while the connection is lost; on recovery the flash messages say so. */
export function useLostMessage(): FlashbarProps.MessageDefinition | null {
  const connection = useConnection();
  const flash = useFlash();
  const was = useRef(connection);
  useEffect(() => {
    if (was.current === "lost" && connection === "open") flash.success("The server is back. What you see is as it is now.");
    was.current = connection;
  }, [connection, flash]);
  if (connection !== "lost") return null;
  return {
    id: "connection-lost",
    type: "error",
    loading: true,
    header: "The connection to the server is lost",
    content: `Nothing answers at ${window.location.host}. This page tries again every second; what it shows is how it was.`,
  };
}
