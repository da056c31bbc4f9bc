// How long and how often a failing event is tried again.
import { PutFunctionEventInvokeConfigCommand } from "@aws-sdk/client-lambda";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { Go } from "../../../app/go";
import { lambda, lastName } from "../../../aws/lambda";
import { placeOf } from "../../../aws/places";
import { listQueues, queueAttributes, queueName, queueUrl } from "../../../aws/sqs";
import { useLoad } from "../../../live/load";
import { Values } from "../../../parts/Value";
import type { TabProps } from "../FunctionState";
import { Panel } from "./Panel";
import { useSaving } from "./useSaving";

interface Fields {
  hours: string;
  minutes: string;
  seconds: string;
  retries: string;
  deadLetterQueue: string;
}

const AGE_S = 21_600;
const NONE = { value: "", label: "None" };

export function AsyncInvocation({ fn }: TabProps) {
  const [fields, setFields] = useState<Fields>();
  const { busy, save, update } = useSaving(fn);
  const queues = useLoad(listQueues, []);
  const age = fn.invoke?.MaximumEventAgeInSeconds ?? AGE_S;
  const retries = String(fn.invoke?.MaximumRetryAttempts ?? 2);
  const deadLetters = fn.configuration?.DeadLetterConfig?.TargetArn ?? "";
  const edit = () =>
    setFields({
      hours: String(Math.floor(age / 3600)),
      minutes: String(Math.floor(age / 60) % 60),
      seconds: String(age % 60),
      retries,
      deadLetterQueue: deadLetters && lastName(deadLetters),
    });

  const onSave = async () => {
    if (!fields) return;
    const wanted = Number(fields.hours) * 3600 + Number(fields.minutes) * 60 + Number(fields.seconds);
    const saved = await save(() =>
      lambda().send(
        new PutFunctionEventInvokeConfigCommand({
          FunctionName: fn.name,
          MaximumEventAgeInSeconds: wanted,
          MaximumRetryAttempts: Number(fields.retries),
          DestinationConfig: fn.invoke?.DestinationConfig,
        }),
      ),
    );
    if (!saved) return;
    if (fields.deadLetterQueue !== (deadLetters && lastName(deadLetters))) {
      const arn = fields.deadLetterQueue && (await queueAttributes(await queueUrl(fields.deadLetterQueue))).QueueArn;
      if (!(await update({ DeadLetterConfig: { TargetArn: arn || "" } }))) return;
    }
    setFields(undefined);
  };

  const number = (name: "hours" | "minutes" | "seconds", label: string) => (
    <FormField label={label}>
      <Input type="number" value={fields?.[name] ?? ""} onChange={({ detail }) => setFields(fields && { ...fields, [name]: detail.value })} />
    </FormField>
  );
  const place = placeOf(deadLetters);
  return (
    <Panel
      title="Asynchronous invocation"
      description="What becomes of an event whose invocation fails."
      editing={fields !== undefined}
      busy={busy}
      onEdit={edit}
      onCancel={() => setFields(undefined)}
      onSave={() => void onSave()}
    >
      {fields ? (
        <SpaceBetween size="m">
          <FormField label="Maximum age of event" description="One minute to six hours." stretch>
            <ColumnLayout columns={3}>
              {number("hours", "Hours")}
              {number("minutes", "Minutes")}
              {number("seconds", "Seconds")}
            </ColumnLayout>
          </FormField>
          <FormField label="Retry attempts" description="How often a failing invocation is made again.">
            <Select
              selectedOption={{ value: fields.retries }}
              options={["0", "1", "2"].map((value) => ({ value }))}
              onChange={({ detail }) => setFields({ ...fields, retries: detail.selectedOption.value ?? "2" })}
            />
          </FormField>
          <FormField label="Dead-letter queue" description="Gets the event alone; a destination gets a record of the invocation.">
            <Select
              selectedOption={fields.deadLetterQueue ? { value: fields.deadLetterQueue } : NONE}
              options={[NONE, ...(queues.data?.urls ?? []).map((url) => ({ value: queueName(url) }))]}
              onChange={({ detail }) => setFields({ ...fields, deadLetterQueue: detail.selectedOption.value ?? "" })}
            />
          </FormField>
        </SpaceBetween>
      ) : (
        <Values
          items={[
            ["Maximum age of event", `${Math.floor(age / 3600)} h ${Math.floor(age / 60) % 60} min ${age % 60} sec`],
            ["Retry attempts", retries],
            ["Dead-letter queue service", deadLetters ? place ? <Go to={place}>{lastName(deadLetters)}</Go> : deadLetters : "None"],
          ]}
        />
      )}
    </Panel>
  );
}
