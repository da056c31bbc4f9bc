// A new queue, with the words of AWS's own page.
import { CreateQueueCommand } from "@aws-sdk/client-sqs";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Form from "@cloudscape-design/components/form";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Tiles from "@cloudscape-design/components/tiles";
import { useState } from "react";
import { useNavigate } from "react-router-dom";
import { useFlash } from "../../app/flash";
import { segment } from "../../app/routes";
import { queueUrl, sqs } from "../../aws/sqs";
import { Buttons, Page } from "../../parts/Page";
import { QueueForm, toAttributes, type QueueFields } from "./QueueForm";
import { SETTINGS } from "./settings";

const INITIAL = Object.fromEntries(SETTINGS.map(({ attribute, initial }) => [attribute, initial]));

export default function CreateQueue() {
  const [name, setName] = useState("");
  const [type, setType] = useState("standard");
  const [fields, setFields] = useState<QueueFields>({ attributes: INITIAL, deadLetterQueue: "", maxReceiveCount: "10" });
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState("");
  const navigate = useNavigate();
  const flash = useFlash();
  const fifo = type === "fifo";

  const create = async () => {
    const wanted = name.trim();
    const problem = whatIsWrong(wanted, fifo);
    setRefused(problem);
    if (problem) return;
    setBusy(true);
    try {
      const attributes = await toAttributes(fields, INITIAL, queueUrl);
      if (fifo) attributes.FifoQueue = "true";
      await sqs().send(new CreateQueueCommand({ QueueName: wanted, Attributes: attributes }));
      flash.done(`The queue ${wanted} was created. You can now send and receive messages.`, `/sqs/queues/${segment(wanted)}`);
    } catch (error) {
      flash.failure(error, "The queue was not created");
      setBusy(false);
    }
  };

  return (
    <Page title="Create queue">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void create();
        }}
      >
        <Form
          actions={
            <Buttons>
              <Button variant="link" formAction="none" onClick={() => navigate("/sqs/queues")}>
                Cancel
              </Button>
              <Button variant="primary" loading={busy}>
                Create queue
              </Button>
            </Buttons>
          }
        >
          <SpaceBetween size="l">
            <Container header={<Header variant="h2">Details</Header>}>
              <SpaceBetween size="m">
                <FormField label="Type" stretch>
                  <Tiles
                    value={type}
                    ariaLabel="Type"
                    onChange={({ detail }) => setType(detail.value)}
                    items={[
                      { value: "standard", label: "Standard", description: "At-least-once delivery, message ordering isn't preserved" },
                      { value: "fifo", label: "FIFO", description: "First-in-first-out delivery, exactly-once processing" },
                    ]}
                  />
                </FormField>
                <FormField
                  label="Name"
                  constraintText={fifo ? "Names are case-sensitive. The name of a FIFO queue ends with .fifo." : "Names are case-sensitive."}
                  errorText={refused}
                >
                  <Input value={name} autoFocus spellcheck={false} onChange={({ detail }) => setName(detail.value)} />
                </FormField>
              </SpaceBetween>
            </Container>
            <QueueForm fields={fields} fifo={fifo} onChange={setFields} />
          </SpaceBetween>
        </Form>
      </form>
    </Page>
  );
}

function whatIsWrong(name: string, fifo: boolean): string {
  if (!name) return "Enter a name for the queue.";
  if (!/^[\w-]{1,80}(\.fifo)?$/.test(name) || name.length > 80) return "A name has up to 80 letters, digits, hyphens and underscores.";
  if (fifo && !name.endsWith(".fifo")) return "The name of a FIFO queue ends with .fifo.";
  return "";
}
