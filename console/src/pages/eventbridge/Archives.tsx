// Archives, which keep what went over a bus, and replays of what they kept.
import {
  CancelReplayCommand,
  CreateArchiveCommand,
  DeleteArchiveCommand,
  ListArchivesCommand,
  ListReplaysCommand,
  StartReplayCommand,
  type Archive,
  type EventBus,
  type Replay,
} from "@aws-sdk/client-eventbridge";
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import Textarea from "@cloudscape-design/components/textarea";
import { useState } from "react";
import { useFlash } from "../../app/flash";
import { eventBridge } from "../../aws/eventbridge";
import { letters } from "../../aws/ids";
import { serverNow } from "../../live/clock";
import { useLoad } from "../../live/load";
import { Confirm } from "../../parts/Confirm";
import { bytes, count, dateTime } from "../../parts/format";
import { Buttons } from "../../parts/Page";
import { ResourceTable } from "../../parts/ResourceTable";

const SPANS: Record<string, [string, number]> = {
  hour: ["The last hour", 3_600_000],
  day: ["The last day", 24 * 3_600_000],
  month: ["The last 30 days", 30 * 24 * 3_600_000],
};

export function Archives({ buses }: { buses: readonly EventBus[] }) {
  const archives = useLoad(async () => (await eventBridge().send(new ListArchivesCommand({}))).Archives ?? [], [], { every_ms: 5000 });
  const replays = useLoad(async () => (await eventBridge().send(new ListReplaysCommand({}))).Replays ?? [], [], { every_ms: 3000 });
  const [chosen, setChosen] = useState<string[]>([]);
  const [running, setRunning] = useState<string[]>([]);
  const [asking, setAsking] = useState<"create" | "delete" | "replay">();
  const flash = useFlash();
  const close = () => setAsking(undefined);
  const archive = archives.data?.find(({ ArchiveName }) => ArchiveName === chosen[0]);
  const replay = replays.data?.find(({ ReplayName }) => ReplayName === running[0]);

  const remove = async () => {
    await eventBridge().send(new DeleteArchiveCommand({ ArchiveName: archive?.ArchiveName }));
    setChosen([]);
    await archives.reload();
  };
  const cancel = async () => {
    try {
      await eventBridge().send(new CancelReplayCommand({ ReplayName: replay?.ReplayName }));
      await replays.reload();
    } catch (error) {
      flash.failure(error, "The replay was not cancelled");
    }
  };
  return (
    <SpaceBetween size="l">
      <ResourceTable<Archive>
        title="Archives"
        description="An archive keeps the events of a bus, to be sent once more."
        items={archives.data}
        id={(one) => one.ArchiveName ?? ""}
        selection="single"
        chosen={chosen}
        onChoose={setChosen}
        empty={archives.error ?? "There is no archive yet."}
        actions={
          <Buttons>
            <Button disabled={!archive} onClick={() => setAsking("delete")}>
              Delete
            </Button>
            <Button disabled={!archive} onClick={() => setAsking("replay")}>
              Start new replay
            </Button>
            <Button variant="primary" onClick={() => setAsking("create")}>
              Create archive
            </Button>
          </Buttons>
        }
        columns={[
          { id: "name", header: "Name", isRowHeader: true, cell: (one) => one.ArchiveName },
          { id: "bus", header: "Event bus", cell: (one) => busName(one.EventSourceArn) },
          { id: "events", header: "Events", cell: (one) => count(one.EventCount ?? 0, "event") },
          { id: "size", header: "Size", cell: (one) => bytes(one.SizeBytes) },
          { id: "retention", header: "Retention", cell: (one) => (one.RetentionDays ? `${one.RetentionDays} days` : "Indefinite") },
          { id: "state", header: "Status", cell: (one) => one.State },
        ]}
      />
      <ResourceTable<Replay>
        title="Replays"
        items={replays.data}
        id={(one) => one.ReplayName ?? ""}
        selection="single"
        chosen={running}
        onChoose={setRunning}
        empty={replays.error ?? "There is no replay yet."}
        actions={
          <Button disabled={replay?.State !== "STARTING" && replay?.State !== "RUNNING"} onClick={() => void cancel()}>
            Cancel replay
          </Button>
        }
        columns={[
          { id: "name", header: "Name", isRowHeader: true, cell: (one) => one.ReplayName },
          { id: "state", header: "Status", cell: (one) => <StatusIndicator type={tone(one.State)}>{one.State}</StatusIndicator> },
          { id: "from", header: "Events from", cell: (one) => dateTime(one.EventStartTime) },
          { id: "to", header: "Events until", cell: (one) => dateTime(one.EventEndTime) },
          { id: "last", header: "Last event replayed", cell: (one) => dateTime(one.EventLastReplayedTime) },
        ]}
      />
      {asking === "create" && <CreateArchive buses={buses} onClose={close} onDone={archives.reload} />}
      {asking === "replay" && archive && <StartReplay archive={archive} onClose={close} onDone={replays.reload} />}
      {asking === "delete" && archive && (
        <Confirm title={`Delete ${archive.ArchiveName}`} action="Delete" word="delete" onConfirm={remove} onClose={close}>
          The archive and the events in it will be gone.
        </Confirm>
      )}
    </SpaceBetween>
  );
}

const busName = (arn: string | undefined): string => arn?.split("/").pop() ?? "-";
const tone = (state: string | undefined) =>
  state === "COMPLETED" ? "success" : state === "FAILED" ? "error" : state === "CANCELLED" ? "stopped" : "in-progress";

interface DialogProps {
  onClose: () => void;
  onDone: () => Promise<void>;
}

function CreateArchive({ buses, onClose, onDone }: DialogProps & { buses: readonly EventBus[] }) {
  const [name, setName] = useState("");
  const [bus, setBus] = useState("default");
  const [days, setDays] = useState("0");
  const [pattern, setPattern] = useState("");
  const create = async () => {
    const EventSourceArn = buses.find(({ Name }) => Name === bus)?.Arn;
    await eventBridge().send(
      new CreateArchiveCommand({ ArchiveName: name, EventSourceArn, RetentionDays: Number(days) || undefined, EventPattern: pattern.trim() || undefined }),
    );
    await onDone();
  };
  return (
    <Confirm title="Create archive" action="Create archive" onConfirm={create} onClose={onClose}>
      <SpaceBetween size="m">
        <FormField label="Name">
          <Input value={name} autoFocus spellcheck={false} onChange={({ detail }) => setName(detail.value)} />
        </FormField>
        <FormField label="Source">
          <Select
            selectedOption={{ value: bus }}
            options={buses.map(({ Name }) => ({ value: Name }))}
            onChange={({ detail }) => setBus(detail.selectedOption.value ?? bus)}
          />
        </FormField>
        <FormField label="Retention period" description="Days; 0 keeps them for ever.">
          <Input type="number" value={days} onChange={({ detail }) => setDays(detail.value)} />
        </FormField>
        <FormField label="Event pattern" description="Empty keeps all events.">
          <Textarea value={pattern} rows={4} spellcheck={false} onChange={({ detail }) => setPattern(detail.value)} />
        </FormField>
      </SpaceBetween>
    </Confirm>
  );
}

function StartReplay({ archive, onClose, onDone }: DialogProps & { archive: Archive }) {
  const [name, setName] = useState(`${archive.ArchiveName}-${letters(6)}`);
  const [span, setSpan] = useState("hour");
  const start = async () => {
    const now = serverNow();
    await eventBridge().send(
      new StartReplayCommand({
        ReplayName: name,
        EventSourceArn: archiveArn(archive),
        Destination: { Arn: archive.EventSourceArn },
        EventStartTime: new Date(now - SPANS[span]![1]),
        EventEndTime: new Date(now),
      }),
    );
    await onDone();
  };
  const option = (id: string) => ({ value: id, label: SPANS[id]![0] });
  return (
    <Confirm title={`Replay ${archive.ArchiveName}`} action="Start replay" onConfirm={start} onClose={onClose}>
      <SpaceBetween size="m">
        <FormField label="Name">
          <Input value={name} spellcheck={false} onChange={({ detail }) => setName(detail.value)} />
        </FormField>
        <FormField label="Events of">
          <Select selectedOption={option(span)} options={Object.keys(SPANS).map(option)} onChange={({ detail }) => setSpan(detail.selectedOption.value ?? span)} />
        </FormField>
      </SpaceBetween>
    </Confirm>
  );
}

const archiveArn = ({ EventSourceArn = "", ArchiveName }: Archive): string => EventSourceArn.replace(/event-bus\/.*$/, `archive/${ArchiveName}`);
