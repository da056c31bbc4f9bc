// Invoking a function by hand: at once with its answer, or asynchronously, as S3 does it.
import { InvokeCommand } from "@aws-sdk/client-lambda";
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import RadioGroup from "@cloudscape-design/components/radio-group";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import { lazy, Suspense, useState } from "react";
import { Go } from "../../app/go";
import { lambda } from "../../aws/lambda";
import { explain } from "../../aws/problem";
import { Code } from "../../parts/Code";
import { duration } from "../../parts/format";
import { Buttons } from "../../parts/Page";
import { Values } from "../../parts/Value";
import type { TabProps } from "./FunctionState";
import { TEMPLATES } from "./templates";

const Editor = lazy(() => import("./Editor"));

interface Result {
  requestId: string;
  status: number;
  error?: string;
  payload: string;
  log: string;
  version: string;
  took_ms: number;
}

export default function TestTab({ fn }: TabProps) {
  const [type, setType] = useState("RequestResponse");
  const [template, setTemplate] = useState(TEMPLATES[0]!);
  const [event, setEvent] = useState(template.text);
  const [busy, setBusy] = useState(false);
  const [result, setResult] = useState<Result>();
  const [problem, setProblem] = useState<string>();

  const test = async () => {
    setBusy(true);
    setResult(undefined);
    setProblem(undefined);
    try {
      JSON.parse(event);
      setResult(await invoke(fn.name, type, event));
    } catch (error) {
      setProblem(error instanceof SyntaxError ? `The event is no JSON: ${error.message}` : explain(error));
    }
    setBusy(false);
  };

  return (
    <SpaceBetween size="l">
      {problem && (
        <Alert type="error" header="The function was not invoked">
          {problem}
        </Alert>
      )}
      {result && <Outcome result={result} />}
      <Container
        header={
          <Header
            variant="h2"
            actions={
              <Buttons>
                <Button variant="primary" loading={busy} onClick={() => void test()}>
                  Test
                </Button>
              </Buttons>
            }
          >
            Test event
          </Header>
        }
      >
        <SpaceBetween size="m">
          <FormField label="Invocation type">
            <RadioGroup
              value={type}
              ariaLabel="Invocation type"
              onChange={({ detail }) => setType(detail.value)}
              items={[
                { value: "RequestResponse", label: "Synchronous", description: "Waits for the answer. Nothing is retried, and no destination hears of it." },
                { value: "Event", label: "Asynchronous", description: "As S3, SNS and EventBridge invoke: with retries, and with a record for the destination." },
              ]}
            />
          </FormField>
          <FormField label="Template">
            <Select
              selectedOption={{ value: template.id, label: template.name }}
              options={TEMPLATES.map(({ id, name }) => ({ value: id, label: name }))}
              onChange={({ detail }) => {
                const chosen = TEMPLATES.find(({ id }) => id === detail.selectedOption.value) ?? template;
                setTemplate(chosen);
                setEvent(chosen.text);
              }}
            />
          </FormField>
          <FormField label="Event JSON" stretch>
            <Suspense fallback={<Spinner />}>
              <Editor name="event.json" text={event} label="Event JSON" height_px={260} onChange={setEvent} />
            </Suspense>
          </FormField>
        </SpaceBetween>
      </Container>
    </SpaceBetween>
  );
}

async function invoke(name: string, type: string, event: string): Promise<Result> {
  const began = performance.now();
  const isSync = type === "RequestResponse";
  const told = await lambda().send(
    new InvokeCommand({
      FunctionName: name,
      InvocationType: isSync ? "RequestResponse" : "Event",
      LogType: isSync ? "Tail" : undefined,
      Payload: new TextEncoder().encode(event),
    }),
  );
  return {
    requestId: told.$metadata.requestId ?? "",
    status: told.StatusCode ?? 0,
    error: told.FunctionError,
    payload: isSync ? new TextDecoder().decode(told.Payload) : "",
    log: told.LogResult ? new TextDecoder().decode(Uint8Array.from(atob(told.LogResult), (one) => one.charCodeAt(0))) : "",
    version: told.ExecutedVersion ?? "$LATEST",
    took_ms: performance.now() - began,
  };
}

function Outcome({ result }: { result: Result }) {
  if (result.status === 202) {
    return (
      <Alert type="success" header="The event was accepted">
        It is on the function's queue. <Go to={`/events/${result.requestId}`}>See what becomes of it</Go>
      </Alert>
    );
  }
  return (
    <Alert type={result.error ? "error" : "success"} header={`Executing function: ${result.error ? "failed" : "succeeded"}`}>
      <ExpandableSection headerText="Details" defaultExpanded>
        <SpaceBetween size="m">
          <Code text={result.payload} label="Copy the answer" />
          <Values
            items={[
              ["Request ID", result.requestId],
              ["Function version", result.version],
              ["Took", duration(result.took_ms)],
            ]}
          />
          {result.log && (
            <div>
              <Box variant="awsui-key-label">Log output</Box>
              <Code text={result.log} language="text" label="Copy the log" />
            </div>
          )}
        </SpaceBetween>
      </ExpandableSection>
    </Alert>
  );
}
