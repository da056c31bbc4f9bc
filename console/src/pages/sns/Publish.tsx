// One message to all who subscribed.
import { PublishCommand } from "@aws-sdk/client-sns";
import AttributeEditor from "@cloudscape-design/components/attribute-editor";
import Button from "@cloudscape-design/components/button";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Textarea from "@cloudscape-design/components/textarea";
import { useState } from "react";
import { useFlash } from "../../app/flash";
import { sns } from "../../aws/sns";

interface Given {
  name: string;
  value: string;
}

export function Publish({ topic }: { topic: string }) {
  const fifo = topic.endsWith(".fifo");
  const [subject, setSubject] = useState("");
  const [message, setMessage] = useState("");
  const [group, setGroup] = useState("");
  const [deduplication, setDeduplication] = useState("");
  const [attributes, setAttributes] = useState<Given[]>([]);
  const [busy, setBusy] = useState(false);
  const flash = useFlash();

  const publish = async () => {
    setBusy(true);
    try {
      const named = attributes.filter(({ name }) => name);
      const told = await sns().send(
        new PublishCommand({
          TopicArn: topic,
          Message: message,
          Subject: subject || undefined,
          MessageGroupId: group || undefined,
          MessageDeduplicationId: deduplication || undefined,
          MessageAttributes: Object.fromEntries(named.map(({ name, value }) => [name, { DataType: "String", StringValue: value }])),
        }),
      );
      flash.success(`The message was published, as ${told.MessageId}.`);
      setMessage("");
    } catch (error) {
      flash.failure(error, "The message was not published");
    }
    setBusy(false);
  };
  return (
    <Container
      header={
        <Header
          variant="h2"
          actions={
            <Button variant="primary" loading={busy} disabled={!message || (fifo && !group)} onClick={() => void publish()}>
              Publish message
            </Button>
          }
        >
          Publish message
        </Header>
      }
    >
      <SpaceBetween size="m">
        <FormField label="Subject" description="May be left out.">
          <Input value={subject} onChange={({ detail }) => setSubject(detail.value)} />
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
        <FormField label="Message body" stretch>
          <Textarea value={message} rows={6} spellcheck={false} onChange={({ detail }) => setMessage(detail.value)} />
        </FormField>
        <AttributeEditor<Given>
          items={attributes}
          addButtonText="Add attribute"
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
    </Container>
  );
}
