// The messages in a queue, looked at: nothing is received, counted or hidden by it. In pages, as a queue may have many.
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import StatusIndicator, { type StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import Table from "@cloudscape-design/components/table";
import { useState } from "react";
import { arnParts } from "../../aws/client";
import { ask } from "../../live/api";
import { useServerNow } from "../../live/clock";
import { useLoad } from "../../live/load";
import { bytes, countdown, dateTime } from "../../parts/format";
import { Buttons } from "../../parts/Page";
import { MessageDialog, type ShownMessage } from "./MessageDialog";

interface Peeked {
  number: number;
  id: string;
  state: "visible" | "in flight" | "delayed";
  due_ms: number;
  body: string;
  md5: string;
  attributes: Record<string, string>;
  message_attributes: ShownMessage["messageAttributes"];
}

interface PeekPage {
  messages: Peeked[];
  after: number;
}

const PAGE = 25;
const STATES: Record<Peeked["state"], [StatusIndicatorProps.Type, string]> = {
  visible: ["success", "Available"],
  "in flight": ["in-progress", "In flight"],
  delayed: ["pending", "Delayed"],
};

export function Peek({ arn }: { arn: string }) {
  const { account, region, resource } = arnParts(arn);
  const [places, setPlaces] = useState<number[]>([0]);
  const [open, setOpen] = useState<Peeked>();
  const now = useServerNow();
  const after = places[places.length - 1] ?? 0;
  const page = useLoad(
    () => ask<PeekPage>(`sqs/${account}/${region}/${resource}/peek`, { after, limit: PAGE }),
    [arn, after],
    { every_ms: 3000, onFacts: true },
  );
  const next = page.data?.after ?? 0;
  return (
    <>
      <Table<Peeked>
        items={page.data?.messages ?? []}
        loading={page.data === undefined}
        loadingText="Reading"
        trackBy={(one) => String(one.number)}
        enableKeyboardNavigation
        ariaLabels={{ tableLabel: "Messages in the queue" }}
        header={
          <Header
            variant="h2"
            description="Looked at, not received: nothing changes by it. Also what is in flight or delayed."
            actions={
              <Buttons>
                <Button disabled={places.length === 1} onClick={() => setPlaces(places.slice(0, -1))}>
                  Previous
                </Button>
                <Button disabled={!next} onClick={() => setPlaces([...places, next])}>
                  Next
                </Button>
                <Button iconName="refresh" ariaLabel="Refresh" onClick={() => void page.reload()} />
              </Buttons>
            }
          >
            Messages
          </Header>
        }
        empty={
          <Box textAlign="center" color="text-body-secondary" padding={{ vertical: "l" }}>
            {page.error ?? "There is no message in the queue."}
          </Box>
        }
        columnDefinitions={[
          {
            id: "id",
            header: "ID",
            isRowHeader: true,
            cell: (one) => (
              <Link variant="primary" onFollow={() => setOpen(one)}>
                {one.id}
              </Link>
            ),
          },
          {
            id: "state",
            header: "State",
            cell: (one) => {
              const [type, text] = STATES[one.state];
              const left = one.state === "visible" ? "" : `, ${countdown(one.due_ms - now)}`;
              return <StatusIndicator type={type}>{text + left}</StatusIndicator>;
            },
          },
          { id: "sent", header: "Sent", cell: (one) => dateTime(Number(one.attributes.SentTimestamp)) },
          { id: "size", header: "Size", cell: (one) => bytes(new TextEncoder().encode(one.body).length) },
          { id: "receives", header: "Receive count", cell: (one) => one.attributes.ApproximateReceiveCount },
        ]}
      />
      {open && (
        <MessageDialog
          message={{ id: open.id, body: open.body, md5: open.md5, system: open.attributes, messageAttributes: open.message_attributes }}
          onClose={() => setOpen(undefined)}
        />
      )}
    </>
  );
}
