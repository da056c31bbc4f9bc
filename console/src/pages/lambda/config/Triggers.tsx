// Who invokes the function.
import Button from "@cloudscape-design/components/button";
import { useState } from "react";
import { useNavigate } from "react-router-dom";
import { Go } from "../../../app/go";
import { segment } from "../../../app/routes";
import { SERVICES, type Trigger } from "../../../aws/lambda";
import { placeOf } from "../../../aws/places";
import { removeTrigger } from "../../../aws/trigger";
import { Confirm } from "../../../parts/Confirm";
import { Buttons } from "../../../parts/Page";
import { ResourceTable } from "../../../parts/ResourceTable";
import type { TabProps } from "../FunctionState";

export function Triggers({ fn }: TabProps) {
  const [chosen, setChosen] = useState<string[]>([]);
  const [removing, setRemoving] = useState(false);
  const navigate = useNavigate();
  const trigger = fn.triggers?.find(({ id }) => id === chosen[0]);
  const remove = async () => {
    if (trigger) await removeTrigger(fn.name, fn.configuration?.FunctionArn ?? "", trigger);
    setChosen([]);
    await fn.reload();
  };
  return (
    <>
      <ResourceTable<Trigger>
        title="Triggers"
        items={fn.triggers}
        id={(one) => one.id}
        selection="single"
        chosen={chosen}
        onChoose={setChosen}
        empty="Nothing invokes this function by itself."
        actions={
          <Buttons>
            <Button disabled={!trigger} onClick={() => setRemoving(true)}>
              Delete
            </Button>
            <Button onClick={() => navigate(`/lambda/functions/${segment(fn.name)}/add/trigger`)}>Add trigger</Button>
          </Buttons>
        }
        columns={[
          { id: "service", header: "Trigger", isRowHeader: true, cell: (one) => `${SERVICES[one.service] ?? one.service}: ${one.name}` },
          { id: "arn", header: "ARN", cell: (one) => <Where arn={one.arn} /> },
          { id: "state", header: "State", cell: (one) => one.state ?? "-" },
        ]}
      />
      {removing && trigger && (
        <Confirm title={`Delete the trigger ${trigger.name}`} action="Delete" onConfirm={remove} onClose={() => setRemoving(false)}>
          It will no longer invoke the function.
        </Confirm>
      )}
    </>
  );
}

function Where({ arn }: { arn: string }) {
  const place = placeOf(arn);
  return place ? <Go to={place}>{arn}</Go> : <>{arn}</>;
}
