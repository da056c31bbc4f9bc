// One queue: what it is, and what is in it, looked at without receiving it.
import { DeleteQueueCommand, PurgeQueueCommand, StartMessageMoveTaskCommand } from "@aws-sdk/client-sqs";
import Button from "@cloudscape-design/components/button";
import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import Tabs from "@cloudscape-design/components/tabs";
import { useState } from "react";
import { useNavigate } from "react-router-dom";
import { useFlash } from "../../app/flash";
import { Go } from "../../app/go";
import { useParam } from "../../app/params";
import { segment } from "../../app/routes";
import { queueAttributes, queueName, queueUrl, sqs, type Attributes } from "../../aws/sqs";
import { useLoad } from "../../live/load";
import { Code } from "../../parts/Code";
import { Confirm } from "../../parts/Confirm";
import { Copy } from "../../parts/Copy";
import { bytes, dateTime, duration } from "../../parts/format";
import { Buttons, Page } from "../../parts/Page";
import { Values } from "../../parts/Value";
import { Peek } from "./Peek";

type Asking = "delete" | "purge" | "redrive";

export default function QueuePage() {
  const name = useParam("name");
  const here = `/sqs/queues/${segment(name)}`;
  const navigate = useNavigate();
  const flash = useFlash();
  const [asking, setAsking] = useState<Asking>();
  const queue = useLoad(
    async () => {
      const url = await queueUrl(name);
      return { url, attributes: await queueAttributes(url) };
    },
    [name],
    { every_ms: 3000, onFacts: true },
  );
  const attributes: Attributes = queue.data?.attributes ?? {};
  const url = queue.data?.url ?? "";
  const arn = attributes.QueueArn ?? "";

  const deeds: Record<Asking, () => Promise<void>> = {
    delete: async () => {
      await sqs().send(new DeleteQueueCommand({ QueueUrl: url }));
      flash.done(`The queue ${name} was deleted.`, "/sqs/queues");
    },
    purge: async () => {
      await sqs().send(new PurgeQueueCommand({ QueueUrl: url }));
      flash.success(`The queue ${name} was purged.`);
      await queue.reload();
    },
    redrive: async () => {
      await sqs().send(new StartMessageMoveTaskCommand({ SourceArn: arn }));
      flash.success(`The messages of ${name} go back to the queues they came from.`);
    },
  };

  return (
    <Page
      title={name}
      reads={[queue]}
      actions={
        <Buttons>
          <Button onClick={() => navigate(`${here}/edit`)}>Edit</Button>
          <Button onClick={() => setAsking("delete")}>Delete</Button>
          <Button onClick={() => setAsking("purge")}>Purge</Button>
          <ButtonDropdown
            items={[{ id: "redrive", text: "Start DLQ redrive", description: "Sends the messages of a dead-letter queue back" }]}
            onItemClick={() => setAsking("redrive")}
          >
            Actions
          </ButtonDropdown>
          <Button variant="primary" onClick={() => navigate(`${here}/send-receive`)}>
            Send and receive messages
          </Button>
        </Buttons>
      }
    >
      <Container header={<Header variant="h2">Details</Header>}>
        <Values
          items={[
            ["Name", name],
            ["Type", name.endsWith(".fifo") ? "FIFO" : "Standard"],
            ["ARN", arn && <Copy text={arn} label="ARN" />],
            ["Messages available", attributes.ApproximateNumberOfMessages],
            ["Messages in flight", attributes.ApproximateNumberOfMessagesNotVisible],
            ["URL", url && <Copy text={url} label="URL" />],
            ["Messages delayed", attributes.ApproximateNumberOfMessagesDelayed],
            ["Created", attributes.CreatedTimestamp && dateTime(Number(attributes.CreatedTimestamp) * 1000)],
            ["Dead-letter queue", deadLetterQueue(attributes)],
          ]}
        />
      </Container>
      <Tabs
        tabs={[
          { id: "messages", label: "Messages", content: arn && <Peek arn={arn} /> },
          { id: "configuration", label: "Configuration", content: <Configuration attributes={attributes} /> },
          {
            id: "policy",
            label: "Access policy",
            content: attributes.Policy ? <Code text={attributes.Policy} label="Copy the policy" /> : "This queue has no access policy.",
          },
        ]}
      />
      {asking === "delete" && (
        <Confirm title={`Delete ${name}`} action="Delete" word="confirm" onConfirm={deeds.delete} onClose={() => setAsking(undefined)}>
          The queue and all messages in it will be gone.
        </Confirm>
      )}
      {asking === "purge" && (
        <Confirm title={`Purge ${name}`} action="Purge" word="purge" onConfirm={deeds.purge} onClose={() => setAsking(undefined)}>
          All messages in the queue will be gone, also those in flight. The queue stays.
        </Confirm>
      )}
      {asking === "redrive" && (
        <Confirm title="Start DLQ redrive" action="Start" onConfirm={deeds.redrive} onClose={() => setAsking(undefined)}>
          Each message goes back to the queue that it came from.
        </Confirm>
      )}
    </Page>
  );
}

function deadLetterQueue(attributes: Attributes) {
  if (!attributes.RedrivePolicy) return undefined;
  const { deadLetterTargetArn = "", maxReceiveCount } = JSON.parse(attributes.RedrivePolicy) as Record<string, string>;
  const target = queueName(deadLetterTargetArn);
  return (
    <>
      <Go to={`/sqs/queues/${segment(target)}`}>{target}</Go>, after {maxReceiveCount} receives
    </>
  );
}

function Configuration({ attributes }: { attributes: Attributes }) {
  const seconds = (name: string) => (attributes[name] === undefined ? undefined : duration(Number(attributes[name]) * 1000));
  return (
    <Container>
      <Values
        items={[
          ["Visibility timeout", seconds("VisibilityTimeout")],
          ["Message retention period", seconds("MessageRetentionPeriod")],
          ["Delivery delay", seconds("DelaySeconds")],
          ["Receive message wait time", seconds("ReceiveMessageWaitTimeSeconds")],
          ["Maximum message size", bytes(Number(attributes.MaximumMessageSize ?? 0))],
          ["Content-based deduplication", attributes.ContentBasedDeduplication === "true" ? "Enabled" : "-"],
        ]}
      />
    </Container>
  );
}
