// The variables that the function's code finds in its environment.
import AttributeEditor from "@cloudscape-design/components/attribute-editor";
import Input from "@cloudscape-design/components/input";
import Table from "@cloudscape-design/components/table";
import Box from "@cloudscape-design/components/box";
import { useState } from "react";
import type { TabProps } from "../FunctionState";
import { Panel } from "./Panel";
import { useSaving } from "./useSaving";

type Variable = [key: string, value: string];

export function Environment({ fn }: TabProps) {
  const [edited, setEdited] = useState<Variable[]>();
  const { busy, update } = useSaving(fn);
  const now = Object.entries(fn.configuration?.Environment?.Variables ?? {});
  const save = async () => {
    const Variables = Object.fromEntries((edited ?? []).filter(([key]) => key));
    if (await update({ Environment: { Variables } })) setEdited(undefined);
  };
  const set = (at: number, variable: Variable) => setEdited(edited?.map((one, i) => (i === at ? variable : one)));
  return (
    <Panel
      title="Environment variables"
      counter={`(${now.length})`}
      description="What the function's code finds in its environment."
      editing={edited !== undefined}
      busy={busy}
      onEdit={() => setEdited(now)}
      onCancel={() => setEdited(undefined)}
      onSave={() => void save()}
    >
      {edited ? (
        <AttributeEditor<Variable>
          items={edited}
          addButtonText="Add environment variable"
          removeButtonText="Remove"
          empty="There are no environment variables."
          onAddButtonClick={() => setEdited([...edited, ["", ""]])}
          onRemoveButtonClick={({ detail }) => setEdited(edited.filter((_, i) => i !== detail.itemIndex))}
          definition={[
            {
              label: "Key",
              control: ([key, value], i) => <Input value={key} spellcheck={false} onChange={({ detail }) => set(i, [detail.value, value])} />,
            },
            {
              label: "Value",
              control: ([key, value], i) => <Input value={value} spellcheck={false} onChange={({ detail }) => set(i, [key, detail.value])} />,
            },
          ]}
        />
      ) : (
        <Table<Variable>
          variant="embedded"
          items={now}
          ariaLabels={{ tableLabel: "Environment variables" }}
          empty={<Box color="text-body-secondary">There are no environment variables.</Box>}
          columnDefinitions={[
            { id: "key", header: "Key", isRowHeader: true, cell: ([key]) => key },
            { id: "value", header: "Value", cell: ([, value]) => value },
          ]}
        />
      )}
    </Panel>
  );
}
