// One message: details, body, attributes.
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Modal from "@cloudscape-design/components/modal";
import Table from "@cloudscape-design/components/table";
import Tabs from "@cloudscape-design/components/tabs";
import { useState } from "react";
import { Code } from "../../parts/Code";
import { count, dateTime } from "../../parts/format";
import { Values } from "../../parts/Value";

export interface ShownMessage {
  id: string;
  body: string;
  md5: string;
  system: Record<string, string>;
  messageAttributes: Record<string, { DataType?: string; StringValue?: string; BinaryValue?: string | Uint8Array }>;
}

export function MessageDialog({ message, onClose }: { message: ShownMessage; onClose: () => void }) {
  const [tab, setTab] = useState("body");
  const attributes = Object.entries(message.messageAttributes);
  return (
    <Modal
      visible
      size="large"
      header={`Message: ${message.id}`}
      onDismiss={onClose}
      closeAriaLabel="Close"
      footer={
        <Box float="right">
          <Button variant="primary" onClick={onClose}>
            Done
          </Button>
        </Box>
      }
    >
      <Tabs
        activeTabId={tab}
        onChange={({ detail }) => setTab(detail.activeTabId)}
        ariaLabel="Message"
        tabs={[
          { id: "details", label: "Details", content: <Details message={message} /> },
          { id: "body", label: "Body", content: <Code text={message.body} label="Copy the body" /> },
          {
            id: "attributes",
            label: `Attributes (${attributes.length})`,
            content: (
              <Table
                variant="embedded"
                items={attributes}
                ariaLabels={{ tableLabel: "Attributes" }}
                empty="This message has no attributes."
                columnDefinitions={[
                  { id: "name", header: "Name", cell: ([name]) => name, isRowHeader: true },
                  { id: "type", header: "Type", cell: ([, value]) => value.DataType },
                  { id: "value", header: "Value", cell: ([, value]) => value.StringValue ?? "(binary)" },
                ]}
              />
            ),
          },
        ]}
      />
    </Modal>
  );
}

function Details({ message }: { message: ShownMessage }) {
  const { system } = message;
  const at = (name: string) => (system[name] ? dateTime(Number(system[name])) : undefined);
  return (
    <Values
      columns={2}
      items={[
        ["ID", message.id],
        ["Size", count(new TextEncoder().encode(message.body).length, "byte")],
        ["MD5 of message body", message.md5],
        ["Sender account ID", system.SenderId],
        ["Sent", at("SentTimestamp")],
        ["First received", at("ApproximateFirstReceiveTimestamp")],
        ["Receive count", system.ApproximateReceiveCount],
        ["Message group ID", system.MessageGroupId],
      ]}
    />
  );
}
