// All log groups.
import { CreateLogGroupCommand, DeleteLogGroupCommand, type LogGroup } from "@aws-sdk/client-cloudwatch-logs";
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { useFlash } from "../../app/flash";
import { Go } from "../../app/go";
import { segment } from "../../app/routes";
import { listGroups, logs } from "../../aws/logs";
import { useLoad } from "../../live/load";
import { Confirm } from "../../parts/Confirm";
import { bytes, dateTime } from "../../parts/format";
import { Buttons, ReadFailed } from "../../parts/Page";
import { ResourceTable } from "../../parts/ResourceTable";

export default function LogGroupList() {
  const groups = useLoad(listGroups, [], { every_ms: 5000 });
  const [chosen, setChosen] = useState<string[]>([]);
  const [asking, setAsking] = useState<"create" | "delete">();
  const [fresh, setFresh] = useState("");
  const flash = useFlash();
  const close = () => setAsking(undefined);
  const name = chosen[0] ?? "";

  const create = async () => {
    await logs().send(new CreateLogGroupCommand({ logGroupName: fresh }));
    flash.success(`The log group ${fresh} was created.`);
    setFresh("");
    await groups.reload();
  };
  const remove = async () => {
    await logs().send(new DeleteLogGroupCommand({ logGroupName: name }));
    flash.success(`The log group ${name} was deleted.`);
    setChosen([]);
    await groups.reload();
  };
  return (
    <SpaceBetween size="m">
      <Header variant="h1">CloudWatch Logs</Header>
      {groups.error && <ReadFailed read={groups} />}
      <ResourceTable<LogGroup>
        title="Log groups"
        items={groups.data}
        id={(one) => one.logGroupName ?? ""}
        text={(one) => one.logGroupName ?? ""}
        searchLabel="Search log groups by name"
        selection="single"
        chosen={chosen}
        onChoose={setChosen}
        empty="There is no log group yet. A function makes one when it first runs."
        actions={
          <Buttons>
            <Button iconName="refresh" ariaLabel="Refresh" onClick={() => void groups.reload()} />
            <Button disabled={!name} onClick={() => setAsking("delete")}>
              Delete
            </Button>
            <Button onClick={() => setAsking("create")}>Create log group</Button>
          </Buttons>
        }
        columns={[
          {
            id: "name",
            header: "Log group",
            isRowHeader: true,
            cell: (one) => <Go to={`/logs/${segment(one.logGroupName ?? "")}`}>{one.logGroupName}</Go>,
            sortingField: "logGroupName",
          },
          { id: "retention", header: "Retention", cell: (one) => retention(one) },
          { id: "bytes", header: "Stored bytes", cell: (one) => bytes(one.storedBytes), sortingField: "storedBytes" },
          { id: "created", header: "Creation time", cell: (one) => dateTime(one.creationTime), sortingField: "creationTime" },
        ]}
      />
      {asking === "create" && (
        <Confirm title="Create log group" action="Create" onConfirm={create} onClose={close}>
          <FormField label="Log group name">
            <Input value={fresh} autoFocus spellcheck={false} onChange={({ detail }) => setFresh(detail.value)} />
          </FormField>
        </Confirm>
      )}
      {asking === "delete" && (
        <Confirm title={`Delete ${name}`} action="Delete" word="confirm" onConfirm={remove} onClose={close}>
          The log group, its streams and all their lines will be gone.
        </Confirm>
      )}
    </SpaceBetween>
  );
}

export function retention({ retentionInDays }: LogGroup): string {
  if (!retentionInDays) return "Never expire";
  return retentionInDays === 1 ? "1 day" : `${retentionInDays} days`;
}
