// All queues of the region.
import { DeleteQueueCommand } from "@aws-sdk/client-sqs";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { useNavigate } from "react-router-dom";
import { useFlash } from "../../app/flash";
import { Go } from "../../app/go";
import { segment } from "../../app/routes";
import { listQueues, queueAttributes, queueName, sqs, type Attributes } from "../../aws/sqs";
import { useLoad } from "../../live/load";
import { Confirm } from "../../parts/Confirm";
import { dateTime } from "../../parts/format";
import { Buttons, ReadFailed } from "../../parts/Page";
import { ResourceTable } from "../../parts/ResourceTable";

export default function QueueList() {
  const queues = useLoad(listQueues, [], { every_ms: 5000 });
  const [shown, setShown] = useState<string[]>([]);
  const [chosen, setChosen] = useState<string[]>([]);
  const [deleting, setDeleting] = useState(false);
  const navigate = useNavigate();
  const flash = useFlash();
  const details = useLoad(() => readDetails(shown), [shown.join()], { every_ms: 3000, onFacts: true });
  const of = (url: string): Attributes => details.data?.[url] ?? {};
  const name = chosen[0] ? queueName(chosen[0]) : "";

  const remove = async () => {
    await sqs().send(new DeleteQueueCommand({ QueueUrl: chosen[0] }));
    flash.success(`The queue ${name} was deleted.`);
    setChosen([]);
    await queues.reload();
  };

  return (
    <SpaceBetween size="m">
      <Header variant="h1">Amazon SQS</Header>
      {queues.error && <ReadFailed read={queues} />}
      <ResourceTable<string>
        title="Queues"
        items={queues.data?.urls}
        more={queues.data?.more}
        id={(url) => url}
        text={queueName}
        searchLabel="Search queues by name"
        selection="single"
        chosen={chosen}
        onChoose={setChosen}
        onPage={setShown}
        empty="There is no queue in this region yet."
        actions={
          <Buttons>
            <Button iconName="refresh" ariaLabel="Refresh" onClick={() => void queues.reload()} />
            <Button disabled={!name} onClick={() => setDeleting(true)}>
              Delete
            </Button>
            <Button disabled={!name} onClick={() => navigate(`/sqs/queues/${segment(name)}/send-receive`)}>
              Send and receive messages
            </Button>
            <Button variant="primary" onClick={() => navigate("/sqs/create-queue")}>
              Create queue
            </Button>
          </Buttons>
        }
        columns={[
          {
            id: "name",
            header: "Name",
            isRowHeader: true,
            cell: (url) => <Go to={`/sqs/queues/${segment(queueName(url))}`}>{queueName(url)}</Go>,
            sortingComparator: (a, b) => queueName(a).localeCompare(queueName(b)),
          },
          { id: "type", header: "Type", cell: (url) => (url.endsWith(".fifo") ? "FIFO" : "Standard") },
          { id: "created", header: "Created", cell: (url) => created(of(url)) },
          { id: "available", header: "Messages available", cell: (url) => of(url).ApproximateNumberOfMessages ?? "-" },
          { id: "flight", header: "Messages in flight", cell: (url) => of(url).ApproximateNumberOfMessagesNotVisible ?? "-" },
          { id: "delayed", header: "Messages delayed", cell: (url) => of(url).ApproximateNumberOfMessagesDelayed ?? "-" },
        ]}
      />
      {deleting && (
        <Confirm title={`Delete ${name}`} action="Delete" word="confirm" onConfirm={remove} onClose={() => setDeleting(false)}>
          The queue and all messages in it will be gone.
        </Confirm>
      )}
    </SpaceBetween>
  );
}

async function readDetails(urls: string[]): Promise<Record<string, Attributes>> {
  const all = await Promise.all(urls.map((url) => queueAttributes(url).catch(() => ({}))));
  return Object.fromEntries(urls.map((url, i) => [url, all[i] ?? {}]));
}

function created(attributes: Attributes): string {
  return attributes.CreatedTimestamp ? dateTime(Number(attributes.CreatedTimestamp) * 1000) : "-";
}
