// Where the records of asynchronous invocations go.
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { useNavigate } from "react-router-dom";
import { Go } from "../../../app/go";
import { segment } from "../../../app/routes";
import { roleName } from "../../../aws/iam";
import { lastName, setDestination, type Condition } from "../../../aws/lambda";
import { placeOf } from "../../../aws/places";
import { Confirm } from "../../../parts/Confirm";
import { duration } from "../../../parts/format";
import { Buttons } from "../../../parts/Page";
import { ResourceTable } from "../../../parts/ResourceTable";
import { Values } from "../../../parts/Value";
import type { TabProps } from "../FunctionState";

interface Row {
  condition: Condition;
  destination: string;
}

const CONDITIONS: [Condition, string][] = [
  ["OnFailure", "On failure"],
  ["OnSuccess", "On success"],
];

export function Destinations({ fn }: TabProps) {
  const [chosen, setChosen] = useState<string[]>([]);
  const [removing, setRemoving] = useState(false);
  const navigate = useNavigate();
  const add = `/lambda/functions/${segment(fn.name)}/add/destination`;
  const rows = CONDITIONS.flatMap(([condition]): Row[] => {
    const destination = fn.invoke?.DestinationConfig?.[condition]?.Destination;
    return destination ? [{ condition, destination }] : [];
  });
  const row = rows.find(({ condition }) => condition === chosen[0]);
  const remove = async () => {
    if (row) await setDestination(fn.name, row.condition, undefined);
    setChosen([]);
    await fn.reload();
  };
  const role = fn.configuration?.Role ?? "";
  return (
    <SpaceBetween size="l">
      <ResourceTable<Row>
        title="Destinations"
        items={rows}
        id={(one) => one.condition}
        selection="single"
        chosen={chosen}
        onChoose={setChosen}
        empty="There are no destinations. Records of asynchronous invocations go nowhere."
        actions={
          <Buttons>
            <Button disabled={!row} onClick={() => navigate(`${add}?condition=${row?.condition}`)}>
              Edit
            </Button>
            <Button disabled={!row} onClick={() => setRemoving(true)}>
              Remove
            </Button>
            <Button onClick={() => navigate(add)}>Add destination</Button>
          </Buttons>
        }
        columns={[
          { id: "source", header: "Source", isRowHeader: true, cell: () => "Asynchronous invocation" },
          { id: "stream", header: "Stream", cell: () => "-" },
          { id: "condition", header: "Condition", cell: (one) => (one.condition === "OnSuccess" ? "On success" : "On failure") },
          { id: "destination", header: "Destination", cell: (one) => <Where arn={one.destination} /> },
        ]}
      />
      <Container header={<Header variant="h2">Asynchronous invocation</Header>}>
        <Values
          items={[
            ["Maximum age of event", duration((fn.invoke?.MaximumEventAgeInSeconds ?? 21_600) * 1000)],
            ["Retry attempts", String(fn.invoke?.MaximumRetryAttempts ?? 2)],
            ["Execution role", role && <Go to={`/iam/roles/${segment(roleName(role))}`}>{roleName(role)}</Go>],
          ]}
        />
      </Container>
      {removing && row && (
        <Confirm title={`Remove ${lastName(row.destination)}`} action="Remove" onConfirm={remove} onClose={() => setRemoving(false)}>
          Its permission stays in the execution role.
        </Confirm>
      )}
    </SpaceBetween>
  );
}

function Where({ arn }: { arn: string }) {
  const place = placeOf(arn);
  return place ? <Go to={place}>{arn}</Go> : <>{arn}</>;
}
