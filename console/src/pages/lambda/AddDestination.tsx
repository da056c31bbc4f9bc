// Where the records of asynchronous invocations go. Saving does what AWS's page does: the role may write there first.
import { GetFunctionConfigurationCommand } from "@aws-sdk/client-lambda";
import { EventBridgeClient, ListEventBusesCommand } from "@aws-sdk/client-eventbridge";
import { ListBucketsCommand } from "@aws-sdk/client-s3";
import { ListTopicsCommand, SNSClient } from "@aws-sdk/client-sns";
import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Form from "@cloudscape-design/components/form";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import RadioGroup from "@cloudscape-design/components/radio-group";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { useNavigate, useSearchParams } from "react-router-dom";
import { useFlash } from "../../app/flash";
import { useParam } from "../../app/params";
import { segment } from "../../app/routes";
import { arnParts, client } from "../../aws/client";
import { permitDestination, type Permitted } from "../../aws/iam";
import { invokeConfig, lambda, lastName, listFunctions, setDestination, type Condition } from "../../aws/lambda";
import { s3 } from "../../aws/s3";
import { listQueues, queueName } from "../../aws/sqs";
import { useLoad } from "../../live/load";
import { Buttons, Page } from "../../parts/Page";

const TYPES = [
  { value: "sqs", label: "SQS queue" },
  { value: "sns", label: "SNS topic" },
  { value: "lambda", label: "Lambda function" },
  { value: "events", label: "EventBridge event bus" },
  { value: "s3", label: "S3 bucket" },
];

const SAID: Record<Permitted, string> = {
  created: "Permission to send to it was added to the execution role.",
  reused: "Permission to send to it was added to the execution role, by a policy that was there.",
  "allowed before": "The execution role was allowed to send to it already.",
};

/** What there is of a type of destination, by ARN. */
async function candidates(type: string, functionArn: string): Promise<string[]> {
  const { account, region } = arnParts(functionArn);
  if (type === "sqs") {
    const { urls } = await listQueues();
    return urls.map(queueName).filter((name) => !name.endsWith(".fifo")).map((name) => `arn:aws:sqs:${region}:${account}:${name}`);
  }
  if (type === "sns") return ((await client(SNSClient).send(new ListTopicsCommand({}))).Topics ?? []).map(({ TopicArn = "" }) => TopicArn);
  if (type === "lambda") return (await listFunctions()).map(({ FunctionArn = "" }) => FunctionArn).filter((arn) => arn !== functionArn);
  if (type === "events") {
    return ((await client(EventBridgeClient).send(new ListEventBusesCommand({}))).EventBuses ?? []).map(({ Arn = "" }) => Arn);
  }
  return ((await s3().send(new ListBucketsCommand({}))).Buckets ?? []).map(({ Name }) => `arn:aws:s3:::${Name}`);
}

export default function AddDestination() {
  const name = useParam("name");
  const [parameters] = useSearchParams();
  const back = `/lambda/functions/${segment(name)}?tab=configuration&panel=destinations`;
  const [condition, setCondition] = useState<Condition>(parameters.get("condition") === "OnSuccess" ? "OnSuccess" : "OnFailure");
  const [type, setType] = useState("sqs");
  const [destination, setDestinationArn] = useState("");
  const [busy, setBusy] = useState(false);
  const navigate = useNavigate();
  const flash = useFlash();
  const fn = useLoad(() => lambda().send(new GetFunctionConfigurationCommand({ FunctionName: name })), [name]);
  const config = useLoad(() => invokeConfig(name), [name]);
  const functionArn = fn.data?.FunctionArn ?? "";
  const found = useLoad(async () => (functionArn ? candidates(type, functionArn) : undefined), [type, functionArn]);
  const before = config.data?.DestinationConfig?.[condition]?.Destination;

  const save = async () => {
    if (!destination) {
      flash.failure("Choose a destination.", "Something is missing");
      return;
    }
    setBusy(true);
    try {
      const permitted = await permitDestination(fn.data?.Role ?? "", destination);
      await setDestination(name, condition, destination);
      flash.done(`The destination ${lastName(destination)} was successfully added to function ${name}. ${SAID[permitted]}`, back);
    } catch (error) {
      flash.failure(error, "The destination was not saved");
      setBusy(false);
    }
  };

  return (
    <Page title="Add destination" reads={[fn, config]}>
      <Form
        actions={
          <Buttons>
            <Button variant="link" onClick={() => navigate(back)}>
              Cancel
            </Button>
            <Button variant="primary" loading={busy} disabled={!functionArn} onClick={() => void save()}>
              Save
            </Button>
          </Buttons>
        }
      >
        <Container header={<Header variant="h2">Destination configuration</Header>}>
          <SpaceBetween size="m">
            <FormField label="Source">
              <RadioGroup
                value="async"
                ariaLabel="Source"
                items={[
                  { value: "async", label: "Asynchronous invocation" },
                  { value: "stream", label: "Stream invocation", disabled: true },
                ]}
              />
            </FormField>
            <FormField label="Condition">
              <RadioGroup
                value={condition}
                ariaLabel="Condition"
                onChange={({ detail }) => setCondition(detail.value as Condition)}
                items={[
                  { value: "OnFailure", label: "On failure" },
                  { value: "OnSuccess", label: "On success" },
                ]}
              />
            </FormField>
            {before && (
              <Alert type="warning" header="There is a destination for this condition already">
                Saving replaces {lastName(before)}: a function has one destination for each condition.
              </Alert>
            )}
            <FormField label="Destination type">
              <Select
                selectedOption={TYPES.find(({ value }) => value === type) ?? null}
                options={condition === "OnSuccess" ? TYPES.filter(({ value }) => value !== "s3") : TYPES}
                onChange={({ detail }) => {
                  setType(detail.selectedOption.value ?? "sqs");
                  setDestinationArn("");
                }}
              />
            </FormField>
            <FormField label="Destination">
              <Select
                selectedOption={destination ? { value: destination, label: lastName(destination) } : null}
                placeholder="Choose a destination"
                empty="There is none yet"
                filteringType={(found.data?.length ?? 0) > 10 ? "auto" : "none"}
                options={(found.data ?? []).map((value) => ({ value, label: lastName(value) }))}
                statusType={found.error ? "error" : found.data ? "finished" : "loading"}
                errorText={found.error}
                onChange={({ detail }) => setDestinationArn(detail.selectedOption.value ?? "")}
              />
            </FormField>
            <Alert type="info" header="Permissions">
              When you choose Save, Outfall adds permission to send to this destination to the function's execution role, as the AWS
              console does. You can check it in IAM.
            </Alert>
          </SpaceBetween>
        </Container>
      </Form>
    </Page>
  );
}
