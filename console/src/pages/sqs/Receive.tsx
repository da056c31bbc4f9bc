// Polling for messages, as AWS's page does: for half a minute or until there are ten. They are given back when polling
// stops, so that looking at them is all that happened, but for their receive count.
import { ChangeMessageVisibilityBatchCommand, DeleteMessageBatchCommand, ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import ProgressBar from "@cloudscape-design/components/progress-bar";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { useEffect, useRef, useState } from "react";
import { useFlash } from "../../app/flash";
import { sqs, type Message } from "../../aws/sqs";
import { count, dateTime } from "../../parts/format";
import { Buttons } from "../../parts/Page";
import { MessageDialog } from "./MessageDialog";

const POLLED_MS = 30_000;
const MESSAGES_MAX = 10;
const TICK_MS = 250;

interface ReceiveProps {
  url: string;
  available: number | undefined;
  onChanged: () => void;
}

export function Receive({ url, available, onChanged }: ReceiveProps) {
  const [messages, setMessages] = useState<Message[]>([]);
  const [chosen, setChosen] = useState<Message[]>([]);
  const [open, setOpen] = useState<Message>();
  const polling = usePolling(url, setMessages, onChanged);
  const flash = useFlash();

  const remove = async () => {
    try {
      const entries = chosen.map((one, i) => ({ Id: String(i), ReceiptHandle: one.ReceiptHandle }));
      const told = await sqs().send(new DeleteMessageBatchCommand({ QueueUrl: url, Entries: entries }));
      const failed = told.Failed?.length ?? 0;
      if (failed) throw new Error(told.Failed?.[0]?.Message ?? "Some messages were not deleted.");
      flash.success(`${count(entries.length, "message")} deleted.`);
      setMessages((all) => all.filter((one) => !chosen.some((gone) => gone.MessageId === one.MessageId)));
      setChosen([]);
      onChanged();
    } catch (error) {
      flash.failure(error, "Not all messages were deleted");
    }
  };

  return (
    <>
      <Table<Message>
        items={messages}
        trackBy="MessageId"
        selectionType="multi"
        selectedItems={chosen}
        onSelectionChange={({ detail }) => setChosen(detail.selectedItems)}
        enableKeyboardNavigation
        ariaLabels={{
          tableLabel: "Received messages",
          selectionGroupLabel: "Selection",
          allItemsSelectionLabel: () => "Select all",
          itemSelectionLabel: (_, one) => `Select ${one.MessageId}`,
        }}
        header={
          <Header
            variant="h2"
            counter={`(${messages.length})`}
            actions={
              <Buttons>
                <Button disabled={!chosen.length} onClick={() => void remove()}>
                  Delete
                </Button>
                {polling.running ? (
                  <Button onClick={polling.stop}>Stop polling</Button>
                ) : (
                  <Button variant="primary" onClick={() => void polling.start()}>
                    Poll for messages
                  </Button>
                )}
              </Buttons>
            }
          >
            Receive messages
          </Header>
        }
        filter={
          <SpaceBetween size="s">
            <Box>
              <Box variant="awsui-key-label">Messages available</Box>
              {available ?? "-"}
            </Box>
            <ProgressBar
              label="Polling progress"
              value={polling.progress}
              status={polling.progress === 100 ? "success" : "in-progress"}
              resultText={`Polled: ${count(messages.length, "message")}`}
              additionalInfo={
                polling.running
                  ? "Messages shown here are hidden from other consumers until polling stops."
                  : "Choose Poll for messages to receive up to ten messages within 30 seconds."
              }
            />
          </SpaceBetween>
        }
        empty={
          <Box textAlign="center" color="text-body-secondary" padding={{ vertical: "m" }}>
            {polling.running ? "Waiting for messages." : "No messages. Choose Poll for messages to look for some."}
          </Box>
        }
        columnDefinitions={[
          {
            id: "id",
            header: "ID",
            isRowHeader: true,
            cell: (one) => (
              <Link variant="primary" onFollow={() => setOpen(one)}>
                {one.MessageId}
              </Link>
            ),
          },
          { id: "sent", header: "Sent", cell: (one) => dateTime(Number(one.Attributes?.SentTimestamp)) },
          { id: "size", header: "Size", cell: (one) => count(new TextEncoder().encode(one.Body).length, "byte") },
          { id: "count", header: "Receive count", cell: (one) => one.Attributes?.ApproximateReceiveCount },
        ]}
      />
      {open && (
        <MessageDialog
          message={{
            id: open.MessageId ?? "",
            body: open.Body ?? "",
            md5: open.MD5OfBody ?? "",
            system: (open.Attributes ?? {}) as Record<string, string>,
            messageAttributes: open.MessageAttributes ?? {},
          }}
          onClose={() => setOpen(undefined)}
        />
      )}
    </>
  );
}

/** Polls `url`; gives back what it received when it stops or the page is left. */
function usePolling(url: string, show: (messages: Message[]) => void, onChanged: () => void) {
  const [running, setRunning] = useState(false);
  const [progress, setProgress] = useState(0);
  const stopping = useRef<AbortController>(undefined);
  const flash = useFlash();
  useEffect(() => () => stopping.current?.abort(), []);

  const start = async () => {
    const control = new AbortController();
    stopping.current = control;
    setRunning(true);
    setProgress(0);
    show([]);
    const began = Date.now();
    const ticking = setInterval(() => setProgress(Math.min(99, ((Date.now() - began) / POLLED_MS) * 100)), TICK_MS);
    const received = new Map<string, Message>();
    try {
      while (!control.signal.aborted && Date.now() - began < POLLED_MS && received.size < MESSAGES_MAX) {
        const got = await receive(url, MESSAGES_MAX - received.size);
        for (const one of got) received.set(one.MessageId ?? "", one);
        if (!control.signal.aborted || got.length) show([...received.values()]);
        if (got.length) onChanged();
      }
    } catch (error) {
      flash.failure(error, "Polling stopped");
    }
    clearInterval(ticking);
    await giveBack(url, [...received.values()]);
    setProgress(100);
    setRunning(false);
    onChanged();
  };
  return { running, progress, start, stop: () => stopping.current?.abort() };
}

async function receive(url: string, most: number): Promise<Message[]> {
  const got = await sqs().send(
    new ReceiveMessageCommand({
      QueueUrl: url,
      MaxNumberOfMessages: most,
      WaitTimeSeconds: 1,
      VisibilityTimeout: POLLED_MS / 1000 + 15,
      MessageSystemAttributeNames: ["All"],
      MessageAttributeNames: ["All"],
    }),
  );
  return got.Messages ?? [];
}

async function giveBack(url: string, messages: Message[]): Promise<void> {
  if (!messages.length) return;
  const entries = messages.map((one, i) => ({ Id: String(i), ReceiptHandle: one.ReceiptHandle, VisibilityTimeout: 0 }));
  await sqs()
    .send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: url, Entries: entries }))
    .catch(() => undefined); // What was deleted meanwhile cannot be given back; the rest appears when its time is over.
}
