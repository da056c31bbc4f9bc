// Something that invokes a function, or is polled for it.
import { ListRulesCommand, PutTargetsCommand, EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { ListTopicsCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Form from "@cloudscape-design/components/form";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { useNavigate } from "react-router-dom";
import { GetFunctionConfigurationCommand } from "@aws-sdk/client-lambda";
import { useFlash } from "../../app/flash";
import { useParam } from "../../app/params";
import { segment } from "../../app/routes";
import { arnParts, client } from "../../aws/client";
import { uuid } from "../../aws/ids";
import { lambda, lastName } from "../../aws/lambda";
import { listQueues, queueAttributes, queueName } from "../../aws/sqs";
import { addQueueTrigger, addS3Trigger, permitInvoke } from "../../aws/trigger";
import { useLoad } from "../../live/load";
import { Buttons, Page } from "../../parts/Page";
import { missing, S3_TRIGGER, S3TriggerForm } from "./S3TriggerForm";

const SOURCES = [
  { value: "s3", label: "S3", description: "Objects that come into a bucket" },
  { value: "sqs", label: "SQS", description: "Messages of a queue, polled for the function" },
  { value: "sns", label: "SNS", description: "Messages published to a topic" },
  { value: "events", label: "EventBridge", description: "Events that match a rule" },
];

const LABELS: Record<string, string> = { sqs: "SQS queue", sns: "SNS topic", events: "Existing rule" };

/** What a service has that could be a trigger, by ARN. */
async function candidates(source: string): Promise<string[]> {
  if (source === "sqs") {
    const { urls } = await listQueues();
    return urls;
  }
  if (source === "sns") return ((await client(SNSClient).send(new ListTopicsCommand({}))).Topics ?? []).map(({ TopicArn = "" }) => TopicArn);
  if (source === "events") return ((await client(EventBridgeClient).send(new ListRulesCommand({}))).Rules ?? []).map(({ Arn = "" }) => Arn);
  return [];
}

export default function AddTrigger() {
  const name = useParam("name");
  const back = `/lambda/functions/${segment(name)}`;
  const [source, setSource] = useState("s3");
  const [fields, setFields] = useState(S3_TRIGGER);
  const [from, setFrom] = useState("");
  const [batch, setBatch] = useState("10");
  const [busy, setBusy] = useState(false);
  const navigate = useNavigate();
  const flash = useFlash();
  const found = useLoad(() => candidates(source), [source]);
  const isLacking = source === "s3" ? missing(fields) : from ? "" : "Choose where the events come from.";

  const add = async () => {
    if (isLacking) {
      flash.failure(isLacking, "Something is missing");
      return;
    }
    setBusy(true);
    try {
      const { FunctionArn: functionArn = "" } = await lambda().send(new GetFunctionConfigurationCommand({ FunctionName: name }));
      const { account } = arnParts(functionArn);
      if (source === "s3") await addS3Trigger({ ...fields, name, functionArn, account });
      else await addOther(source, from, name, functionArn, Number(batch));
      const what = source === "s3" ? fields.bucket : shortName(from);
      flash.done(`The trigger ${what} was successfully added to function ${name}.`, `${back}?tab=configuration&panel=triggers`);
    } catch (error) {
      flash.failure(error, "The trigger was not added");
      setBusy(false);
    }
  };

  return (
    <Page title="Add trigger">
      <Form
        actions={
          <Buttons>
            <Button variant="link" onClick={() => navigate(back)}>
              Cancel
            </Button>
            <Button variant="primary" loading={busy} onClick={() => void add()}>
              Add
            </Button>
          </Buttons>
        }
      >
        <Container header={<Header variant="h2">Trigger configuration</Header>}>
          <SpaceBetween size="m">
            <FormField label="Source">
              <Select
                selectedOption={SOURCES.find(({ value }) => value === source) ?? null}
                options={SOURCES}
                onChange={({ detail }) => {
                  setSource(detail.selectedOption.value ?? "s3");
                  setFrom("");
                }}
              />
            </FormField>
            {source === "s3" ? (
              <S3TriggerForm fields={fields} onChange={setFields} />
            ) : (
              <FormField label={LABELS[source]}>
                <Select
                  selectedOption={from ? { value: from, label: shortName(from) } : null}
                  options={(found.data ?? []).map((value) => ({ value, label: shortName(value) }))}
                  placeholder="Choose one"
                  empty="There is none yet"
                  statusType={found.error ? "error" : found.data ? "finished" : "loading"}
                  errorText={found.error}
                  onChange={({ detail }) => setFrom(detail.selectedOption.value ?? "")}
                />
              </FormField>
            )}
            {source === "sqs" && (
              <FormField label="Batch size" description="The number of messages in each batch, 1 to 10000.">
                <Input type="number" value={batch} onChange={({ detail }) => setBatch(detail.value)} />
              </FormField>
            )}
          </SpaceBetween>
        </Container>
      </Form>
    </Page>
  );
}

const shortName = (from: string): string => (from.startsWith("arn:") ? lastName(from) : queueName(from));

async function addOther(source: string, from: string, name: string, functionArn: string, batch: number): Promise<void> {
  if (source === "sqs") {
    const { QueueArn = "" } = await queueAttributes(from);
    await addQueueTrigger(name, QueueArn, batch);
  } else if (source === "sns") {
    await permitInvoke(name, "sns.amazonaws.com", from);
    await client(SNSClient).send(new SubscribeCommand({ TopicArn: from, Protocol: "lambda", Endpoint: functionArn }));
  } else {
    await permitInvoke(name, "events.amazonaws.com", from);
    const Targets = [{ Id: `Id${uuid()}`, Arn: functionArn }];
    await client(EventBridgeClient).send(new PutTargetsCommand({ Rule: lastName(from), Targets }));
  }
}
