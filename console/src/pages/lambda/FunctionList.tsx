// All functions of the region.
import { DeleteFunctionCommand } from "@aws-sdk/client-lambda";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { useNavigate } from "react-router-dom";
import { useFlash } from "../../app/flash";
import { Go } from "../../app/go";
import { segment } from "../../app/routes";
import { lambda, listFunctions, type FunctionConfiguration } from "../../aws/lambda";
import { useLoad } from "../../live/load";
import { Confirm } from "../../parts/Confirm";
import { bytes, dateTime } from "../../parts/format";
import { Buttons, ReadFailed } from "../../parts/Page";
import { ResourceTable } from "../../parts/ResourceTable";

export default function FunctionList() {
  const functions = useLoad(listFunctions, [], { every_ms: 10_000 });
  const [chosen, setChosen] = useState<string[]>([]);
  const [deleting, setDeleting] = useState(false);
  const navigate = useNavigate();
  const flash = useFlash();
  const name = chosen[0] ?? "";
  const remove = async () => {
    await lambda().send(new DeleteFunctionCommand({ FunctionName: name }));
    flash.success(`The function ${name} was deleted.`);
    setChosen([]);
    await functions.reload();
  };
  return (
    <SpaceBetween size="m">
      <Header variant="h1">Lambda</Header>
      {functions.error && <ReadFailed read={functions} />}
      <ResourceTable<FunctionConfiguration>
        title="Functions"
        items={functions.data}
        id={(one) => one.FunctionName ?? ""}
        text={(one) => `${one.FunctionName} ${one.Description} ${one.Runtime}`}
        searchLabel="Find functions by name, description or runtime"
        selection="single"
        chosen={chosen}
        onChoose={setChosen}
        empty="There is no function in this region yet."
        actions={
          <Buttons>
            <Button iconName="refresh" ariaLabel="Refresh" onClick={() => void functions.reload()} />
            <Button disabled={!name} onClick={() => setDeleting(true)}>
              Delete
            </Button>
            <Button variant="primary" onClick={() => navigate("/lambda/create")}>
              Create function
            </Button>
          </Buttons>
        }
        columns={[
          {
            id: "name",
            header: "Function name",
            isRowHeader: true,
            cell: (one) => <Go to={`/lambda/functions/${segment(one.FunctionName ?? "")}`}>{one.FunctionName}</Go>,
            sortingField: "FunctionName",
          },
          { id: "description", header: "Description", cell: (one) => one.Description || "-" },
          { id: "package", header: "Package type", cell: (one) => one.PackageType ?? "Zip" },
          { id: "runtime", header: "Runtime", cell: (one) => one.Runtime ?? "-", sortingField: "Runtime" },
          { id: "size", header: "Code size", cell: (one) => bytes(one.CodeSize), sortingField: "CodeSize" },
          {
            id: "modified",
            header: "Last modified",
            cell: (one) => (one.LastModified ? dateTime(Date.parse(one.LastModified)) : "-"),
            sortingField: "LastModified",
          },
        ]}
      />
      {deleting && (
        <Confirm title={`Delete ${name}`} action="Delete" word="confirm" onConfirm={remove} onClose={() => setDeleting(false)}>
          The function, its versions and aliases will be gone. Its role, logs and events stay.
        </Confirm>
      )}
    </SpaceBetween>
  );
}
