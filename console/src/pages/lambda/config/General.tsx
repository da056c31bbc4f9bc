// Memory, time, description, handler and runtime.
import type { Runtime } from "@aws-sdk/client-lambda";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import { useState } from "react";
import { RUNTIMES } from "../../../aws/lambda";
import { Values } from "../../../parts/Value";
import type { TabProps } from "../FunctionState";
import { Panel } from "./Panel";
import { useSaving } from "./useSaving";

interface Fields {
  description: string;
  memory: string;
  minutes: string;
  seconds: string;
  storage: string;
  handler: string;
  runtime: string;
}

export function General({ fn }: TabProps) {
  const [fields, setFields] = useState<Fields>();
  const { busy, update } = useSaving(fn);
  const now = fn.configuration;
  const timeout = now?.Timeout ?? 3;
  const edit = () =>
    setFields({
      description: now?.Description ?? "",
      memory: String(now?.MemorySize ?? 128),
      minutes: String(Math.floor(timeout / 60)),
      seconds: String(timeout % 60),
      storage: String(now?.EphemeralStorage?.Size ?? 512),
      handler: now?.Handler ?? "",
      runtime: now?.Runtime ?? "",
    });
  const save = async () => {
    if (!fields) return;
    const saved = await update({
      Description: fields.description,
      MemorySize: Number(fields.memory),
      Timeout: Number(fields.minutes) * 60 + Number(fields.seconds),
      EphemeralStorage: { Size: Number(fields.storage) },
      Handler: fields.handler,
      Runtime: fields.runtime as Runtime,
    });
    if (saved) setFields(undefined);
  };
  const field = (name: keyof Fields, label: string, description?: string, type: "number" | "text" = "number") => (
    <FormField label={label} description={description}>
      <Input type={type} value={fields?.[name] ?? ""} onChange={({ detail }) => setFields(fields && { ...fields, [name]: detail.value })} />
    </FormField>
  );
  return (
    <Panel
      title="General configuration"
      editing={fields !== undefined}
      busy={busy}
      onEdit={edit}
      onCancel={() => setFields(undefined)}
      onSave={() => void save()}
    >
      {fields ? (
        <ColumnLayout columns={2}>
          {field("description", "Description - optional", undefined, "text")}
          {field("memory", "Memory", "MB, 128 to 10240")}
          {field("minutes", "Timeout, minutes", "15 minutes at most in all")}
          {field("seconds", "Timeout, seconds")}
          {field("storage", "Ephemeral storage", "MB, 512 to 10240")}
          {field("handler", "Handler", undefined, "text")}
          <FormField label="Runtime">
            <Select
              selectedOption={{ value: fields.runtime }}
              options={[...new Set([fields.runtime, ...RUNTIMES])].map((value) => ({ value }))}
              onChange={({ detail }) => setFields({ ...fields, runtime: detail.selectedOption.value ?? fields.runtime })}
            />
          </FormField>
        </ColumnLayout>
      ) : (
        <Values
          items={[
            ["Description", now?.Description || "-"],
            ["Memory", now && `${now.MemorySize} MB`],
            ["Ephemeral storage", now && `${now.EphemeralStorage?.Size ?? 512} MB`],
            ["Timeout", now && `${Math.floor(timeout / 60)} min ${timeout % 60} sec`],
            ["Runtime", now?.Runtime],
            ["Handler", now?.Handler],
          ]}
        />
      )}
    </Panel>
  );
}
