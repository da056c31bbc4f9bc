// The event buses of the region.
import { CreateEventBusCommand, DeleteEventBusCommand, type EventBus } from "@aws-sdk/client-eventbridge";
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import { useState } from "react";
import { useFlash } from "../../app/flash";
import { Go } from "../../app/go";
import { segment } from "../../app/routes";
import { eventBridge } from "../../aws/eventbridge";
import type { Loaded } from "../../live/load";
import { Confirm } from "../../parts/Confirm";
import { dateTime } from "../../parts/format";
import { Buttons } from "../../parts/Page";
import { ResourceTable } from "../../parts/ResourceTable";

export function Buses({ read }: { read: Loaded<EventBus[]> }) {
  const [chosen, setChosen] = useState<string[]>([]);
  const [asking, setAsking] = useState<"create" | "delete">();
  const [fresh, setFresh] = useState("");
  const flash = useFlash();
  const close = () => setAsking(undefined);
  const name = chosen[0] ?? "";
  const create = async () => {
    await eventBridge().send(new CreateEventBusCommand({ Name: fresh }));
    flash.success(`The event bus ${fresh} was created.`);
    setFresh("");
    await read.reload();
  };
  const remove = async () => {
    await eventBridge().send(new DeleteEventBusCommand({ Name: name }));
    flash.success(`The event bus ${name} was deleted.`);
    setChosen([]);
    await read.reload();
  };
  return (
    <>
      <ResourceTable<EventBus>
        title="Event buses"
        items={read.data}
        id={(one) => one.Name ?? ""}
        text={(one) => one.Name ?? ""}
        searchLabel="Find event buses"
        selection="single"
        chosen={chosen}
        onChoose={setChosen}
        empty="There is no event bus."
        actions={
          <Buttons>
            <Button disabled={!name || name === "default"} onClick={() => setAsking("delete")}>
              Delete
            </Button>
            <Button variant="primary" onClick={() => setAsking("create")}>
              Create event bus
            </Button>
          </Buttons>
        }
        columns={[
          { id: "name", header: "Name", isRowHeader: true, cell: (one) => <Go to={`/eventbridge?bus=${segment(one.Name ?? "")}`}>{one.Name}</Go> },
          { id: "arn", header: "ARN", cell: (one) => one.Arn },
          { id: "created", header: "Created", cell: (one) => dateTime(one.CreationTime) },
        ]}
      />
      {asking === "create" && (
        <Confirm title="Create event bus" action="Create" onConfirm={create} onClose={close}>
          <FormField label="Name">
            <Input value={fresh} autoFocus spellcheck={false} onChange={({ detail }) => setFresh(detail.value)} />
          </FormField>
        </Confirm>
      )}
      {asking === "delete" && (
        <Confirm title={`Delete ${name}`} action="Delete" word="delete" onConfirm={remove} onClose={close}>
          Only a bus without rules can be deleted.
        </Confirm>
      )}
    </>
  );
}
