// All topics of the region.
import { CreateTopicCommand, DeleteTopicCommand } from "@aws-sdk/client-sns";
import Button from "@cloudscape-design/components/button";
import Checkbox from "@cloudscape-design/components/checkbox";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import RadioGroup from "@cloudscape-design/components/radio-group";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { useFlash } from "../../app/flash";
import { Go } from "../../app/go";
import { segment } from "../../app/routes";
import { listTopics, sns, topicName } from "../../aws/sns";
import { useLoad } from "../../live/load";
import { Confirm } from "../../parts/Confirm";
import { Buttons, ReadFailed } from "../../parts/Page";
import { ResourceTable } from "../../parts/ResourceTable";

export default function TopicList() {
  const topics = useLoad(listTopics, [], { every_ms: 5000 });
  const [chosen, setChosen] = useState<string[]>([]);
  const [asking, setAsking] = useState<"create" | "delete">();
  const flash = useFlash();
  const close = () => setAsking(undefined);
  const name = chosen[0] ? topicName(chosen[0]) : "";

  const remove = async () => {
    await sns().send(new DeleteTopicCommand({ TopicArn: chosen[0] }));
    flash.success(`The topic ${name} was deleted.`);
    setChosen([]);
    await topics.reload();
  };
  return (
    <SpaceBetween size="m">
      <Header variant="h1">Amazon SNS</Header>
      {topics.error && <ReadFailed read={topics} />}
      <ResourceTable<string>
        title="Topics"
        items={topics.data}
        id={(arn) => arn}
        text={topicName}
        searchLabel="Search topics by name"
        selection="single"
        chosen={chosen}
        onChoose={setChosen}
        empty="There is no topic in this region yet."
        actions={
          <Buttons>
            <Button iconName="refresh" ariaLabel="Refresh" onClick={() => void topics.reload()} />
            <Button disabled={!name} onClick={() => setAsking("delete")}>
              Delete
            </Button>
            <Button variant="primary" onClick={() => setAsking("create")}>
              Create topic
            </Button>
          </Buttons>
        }
        columns={[
          {
            id: "name",
            header: "Name",
            isRowHeader: true,
            cell: (arn) => <Go to={`/sns/topics/${segment(topicName(arn))}`}>{topicName(arn)}</Go>,
            sortingComparator: (a, b) => topicName(a).localeCompare(topicName(b)),
          },
          { id: "type", header: "Type", cell: (arn) => (arn.endsWith(".fifo") ? "FIFO" : "Standard") },
          { id: "arn", header: "ARN", cell: (arn) => arn },
        ]}
      />
      {asking === "create" && <CreateTopic onClose={close} />}
      {asking === "delete" && (
        <Confirm title={`Delete ${name}`} action="Delete" word="delete me" onConfirm={remove} onClose={close}>
          The topic and its subscriptions will be gone.
        </Confirm>
      )}
    </SpaceBetween>
  );
}

function CreateTopic({ onClose }: { onClose: () => void }) {
  const [type, setType] = useState("standard");
  const [name, setName] = useState("");
  const [byContent, setByContent] = useState(false);
  const flash = useFlash();
  const fifo = type === "fifo";
  const create = async () => {
    const whole = fifo && !name.endsWith(".fifo") ? `${name}.fifo` : name;
    const Attributes = fifo ? { FifoTopic: "true", ContentBasedDeduplication: String(byContent) } : undefined;
    await sns().send(new CreateTopicCommand({ Name: whole, Attributes }));
    flash.done(`The topic ${whole} was created.`, `/sns/topics/${segment(whole)}`);
  };
  return (
    <Confirm title="Create topic" action="Create topic" onConfirm={create} onClose={onClose}>
      <SpaceBetween size="m">
        <FormField label="Type">
          <RadioGroup
            value={type}
            ariaLabel="Type"
            onChange={({ detail }) => setType(detail.value)}
            items={[
              { value: "standard", label: "Standard", description: "At least once, in any order" },
              { value: "fifo", label: "FIFO", description: "Once, in the order of each message group" },
            ]}
          />
        </FormField>
        <FormField label="Name">
          <Input value={name} autoFocus spellcheck={false} placeholder={fifo ? "MyTopic.fifo" : "MyTopic"} onChange={({ detail }) => setName(detail.value)} />
        </FormField>
        {fifo && (
          <Checkbox checked={byContent} onChange={({ detail }) => setByContent(detail.checked)}>
            Content-based message deduplication
          </Checkbox>
        )}
      </SpaceBetween>
    </Confirm>
  );
}
