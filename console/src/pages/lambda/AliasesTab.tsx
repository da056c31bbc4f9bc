// Names for versions.
import { CreateAliasCommand, DeleteAliasCommand, ListAliasesCommand, ListVersionsByFunctionCommand, type AliasConfiguration } from "@aws-sdk/client-lambda";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Modal from "@cloudscape-design/components/modal";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { useFlash } from "../../app/flash";
import { lambda } from "../../aws/lambda";
import { useLoad } from "../../live/load";
import { Confirm } from "../../parts/Confirm";
import { Buttons } from "../../parts/Page";
import { ResourceTable } from "../../parts/ResourceTable";
import type { TabProps } from "./FunctionState";

export default function AliasesTab({ fn }: TabProps) {
  const aliases = useLoad(async () => (await lambda().send(new ListAliasesCommand({ FunctionName: fn.name }))).Aliases ?? [], [fn.name]);
  const [chosen, setChosen] = useState<string[]>([]);
  const [asking, setAsking] = useState<"create" | "delete">();
  const close = () => setAsking(undefined);
  const remove = async () => {
    await lambda().send(new DeleteAliasCommand({ FunctionName: fn.name, Name: chosen[0] }));
    setChosen([]);
    await aliases.reload();
  };
  return (
    <>
      <ResourceTable<AliasConfiguration>
        title="Aliases"
        items={aliases.data}
        id={(one) => one.Name ?? ""}
        selection="single"
        chosen={chosen}
        onChoose={setChosen}
        empty={aliases.error ?? "There are no aliases."}
        actions={
          <Buttons>
            <Button disabled={!chosen[0]} onClick={() => setAsking("delete")}>
              Delete
            </Button>
            <Button onClick={() => setAsking("create")}>Create alias</Button>
          </Buttons>
        }
        columns={[
          { id: "name", header: "Name", isRowHeader: true, cell: (one) => one.Name },
          { id: "version", header: "Version", cell: (one) => one.FunctionVersion },
          { id: "description", header: "Description", cell: (one) => one.Description || "-" },
          { id: "arn", header: "ARN", cell: (one) => one.AliasArn },
        ]}
      />
      {asking === "create" && <CreateAlias name={fn.name} onClose={close} onCreated={aliases.reload} />}
      {asking === "delete" && (
        <Confirm title={`Delete ${chosen[0]}`} action="Delete" onConfirm={remove} onClose={close}>
          What is invoked by this name will not be found.
        </Confirm>
      )}
    </>
  );
}

function CreateAlias({ name, onClose, onCreated }: { name: string; onClose: () => void; onCreated: () => Promise<void> }) {
  const [alias, setAlias] = useState("");
  const [version, setVersion] = useState("$LATEST");
  const [busy, setBusy] = useState(false);
  const flash = useFlash();
  const versions = useLoad(
    async () => (await lambda().send(new ListVersionsByFunctionCommand({ FunctionName: name }))).Versions ?? [],
    [name],
  );
  const create = async () => {
    setBusy(true);
    try {
      await lambda().send(new CreateAliasCommand({ FunctionName: name, Name: alias, FunctionVersion: version }));
      flash.success(`The alias ${alias} was created.`);
      await onCreated();
    } catch (error) {
      flash.failure(error, "The alias was not created");
    }
    onClose();
  };
  return (
    <Modal
      visible
      header="Create alias"
      closeAriaLabel="Close"
      onDismiss={onClose}
      footer={
        <Box float="right">
          <Buttons>
            <Button variant="link" onClick={onClose}>
              Cancel
            </Button>
            <Button variant="primary" disabled={!alias} loading={busy} onClick={() => void create()}>
              Save
            </Button>
          </Buttons>
        </Box>
      }
    >
      <SpaceBetween size="m">
        <FormField label="Name">
          <Input value={alias} onChange={({ detail }) => setAlias(detail.value)} />
        </FormField>
        <FormField label="Version">
          <Select
            selectedOption={{ value: version }}
            options={(versions.data ?? []).map(({ Version }) => ({ value: Version ?? "" }))}
            onChange={({ detail }) => setVersion(detail.selectedOption.value ?? version)}
          />
        </FormField>
      </SpaceBetween>
    </Modal>
  );
}
