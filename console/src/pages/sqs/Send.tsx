// The message that is to be sent.
import { SendMessageCommand } from "@aws-sdk/client-sqs";
import AttributeEditor from "@cloudscape-design/components/attribute-editor";
import Button from "@cloudscape-design/components/button";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import Container from "@cloudscape-design/components/container";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Textarea from "@cloudscape-design/components/textarea";
import { useState } from "react";
import { useFlash } from "../../app/flash";
import { sqs } from "../../aws/sqs";
import { Buttons } from "../../parts/Page";

interface Given {
  name: string;
  value: string;
}

export function Send({ url, fifo, onSent }: { url: string; fifo: boolean; onSent: () => void }) {
  const [body, setBody] = useState("");
  const [group, setGroup] = useState("");
  const [deduplication, setDeduplication] = useState("");
  const [delay, setDelay] = useState("0");
  const [attributes, setAttributes] = useState<Given[]>([]);
  const [busy, setBusy] = useState(false);
  const flash = useFlash();

  const send = async () => {
    setBusy(true);
    try {
      await sqs().send(
        new SendMessageCommand({
          QueueUrl: url,
          MessageBody: body,
          DelaySeconds: fifo || delay === "0" ? undefined : Number(delay),
          MessageGroupId: group || undefined,
          MessageDeduplicationId: deduplication || undefined,
          MessageAttributes: Object.fromEntries(
            attributes.filter(({ name }) => name).map(({ name, value }) => [name, { DataType: "String", StringValue: value }]),
          ),
        }),
      );
      flash.success("Your message has been sent and is ready to be received.");
      setBody("");
      onSent();
    } catch (error) {
      flash.failure(error, "The message was not sent");
    }
    setBusy(false);
  };

  return (
    <Container
      header={
        <Header
          variant="h2"
          actions={
            <Buttons>
              <Button onClick={() => setBody("")}>Clear content</Button>
              <Button variant="primary" disabled={!body || (fifo && !group)} loading={busy} onClick={() => void send()}>
                Send message
              </Button>
            </Buttons>
          }
        >
          Send message
        </Header>
      }
    >
      <SpaceBetween size="s">
        <FormField label="Message body" description="Enter the message to send to the queue." stretch>
          <Textarea value={body} rows={3} spellcheck={false} onChange={({ detail }) => setBody(detail.value)} />
        </FormField>
        {fifo && (
          <ColumnLayout columns={2}>
            <FormField label="Message group ID">
              <Input value={group} onChange={({ detail }) => setGroup(detail.value)} />
            </FormField>
            <FormField label="Message deduplication ID">
              <Input value={deduplication} onChange={({ detail }) => setDeduplication(detail.value)} />
            </FormField>
          </ColumnLayout>
        )}
        <ExpandableSection headerText="Delivery delay and message attributes">
          <SpaceBetween size="s">
            {!fifo && (
              <FormField label="Delivery delay" description="Seconds, 0 to 900">
                <Input type="number" value={delay} onChange={({ detail }) => setDelay(detail.value)} />
              </FormField>
            )}
            <AttributeEditor<Given>
              items={attributes}
              addButtonText="Add new attribute"
              removeButtonText="Remove"
              empty="This message has no attributes."
              onAddButtonClick={() => setAttributes([...attributes, { name: "", value: "" }])}
              onRemoveButtonClick={({ detail }) => setAttributes(attributes.filter((_, i) => i !== detail.itemIndex))}
              definition={(["name", "value"] as const).map((field) => ({
                label: field === "name" ? "Name" : "Value",
                control: (item, i) => (
                  <Input
                    value={item[field]}
                    onChange={({ detail }) => setAttributes(attributes.map((one, n) => (n === i ? { ...one, [field]: detail.value } : one)))}
                  />
                ),
              }))}
            />
          </SpaceBetween>
        </ExpandableSection>
      </SpaceBetween>
    </Container>
  );
}
