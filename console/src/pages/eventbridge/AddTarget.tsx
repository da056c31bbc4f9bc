// Where a rule is to send; saving lets it, as AWS's console does.
import type { Rule } from "@aws-sdk/client-eventbridge";
import FormField from "@cloudscape-design/components/form-field";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Textarea from "@cloudscape-design/components/textarea";
import { useState } from "react";
import { useFlash } from "../../app/flash";
import { arnParts } from "../../aws/client";
import { addTarget } from "../../aws/eventbridge";
import { lastName, listFunctions } from "../../aws/lambda";
import { listTopics } from "../../aws/sns";
import { listQueues, queueName } from "../../aws/sqs";
import { useLoad } from "../../live/load";
import { Confirm } from "../../parts/Confirm";

const TYPES: Record<string, string> = { lambda: "Lambda function", sqs: "SQS queue", sns: "SNS topic" };

async function candidates(type: string, rule: Rule): Promise<string[]> {
  const { account, region } = arnParts(rule.Arn ?? "");
  if (type === "lambda") return (await listFunctions()).map(({ FunctionArn = "" }) => FunctionArn);
  if (type === "sns") return listTopics();
  const { urls } = await listQueues();
  return urls.map((url) => `arn:aws:sqs:${region}:${account}:${queueName(url)}`);
}

interface AddTargetProps {
  rule: Rule;
  onClose: () => void;
  onAdded: () => Promise<void>;
}

export function AddTarget({ rule, onClose, onAdded }: AddTargetProps) {
  const [type, setType] = useState("lambda");
  const [arn, setArn] = useState("");
  const [input, setInput] = useState("");
  const flash = useFlash();
  const found = useLoad(() => candidates(type, rule), [type, rule.Arn]);
  const add = async () => {
    if (!arn) throw new Error("Choose a target.");
    await addTarget(rule, arn, input);
    flash.success(`${lastName(arn)} is a target of ${rule.Name} now, and the rule may send to it.`);
    await onAdded();
  };
  return (
    <Confirm title="Add target" action="Add target" onConfirm={add} onClose={onClose}>
      <SpaceBetween size="m">
        <FormField label="Target type">
          <Select
            selectedOption={{ value: type, label: TYPES[type] }}
            options={Object.entries(TYPES).map(([value, label]) => ({ value, label }))}
            onChange={({ detail }) => {
              setType(detail.selectedOption.value ?? "lambda");
              setArn("");
            }}
          />
        </FormField>
        <FormField label="Target">
          <Select
            selectedOption={arn ? { value: arn, label: lastName(arn) } : null}
            placeholder="Choose a target"
            empty="There is none yet"
            filteringType={(found.data?.length ?? 0) > 10 ? "auto" : "none"}
            options={(found.data ?? []).map((value) => ({ value, label: lastName(value) }))}
            statusType={found.error ? "error" : found.data ? "finished" : "loading"}
            errorText={found.error}
            onChange={({ detail }) => setArn(detail.selectedOption.value ?? "")}
          />
        </FormField>
        <FormField label="Constant input" description="JSON that is sent instead of the matched event. Empty sends the event.">
          <Textarea value={input} rows={3} spellcheck={false} onChange={({ detail }) => setInput(detail.value)} />
        </FormField>
      </SpaceBetween>
    </Confirm>
  );
}
