// The settings of a queue that is there.
import { SetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import Button from "@cloudscape-design/components/button";
import Form from "@cloudscape-design/components/form";
import { useEffect, useState } from "react";
import { useNavigate } from "react-router-dom";
import { useFlash } from "../../app/flash";
import { useParam } from "../../app/params";
import { segment } from "../../app/routes";
import { queueAttributes, queueName, queueUrl, sqs, type Attributes } from "../../aws/sqs";
import { useLoad } from "../../live/load";
import { Buttons, Page } from "../../parts/Page";
import { QueueForm, toAttributes, type QueueFields } from "./QueueForm";
import { SETTINGS } from "./settings";

const EDITED = [...SETTINGS.map(({ attribute }) => attribute), "Policy", "ContentBasedDeduplication"];

export default function EditQueue() {
  const name = useParam("name");
  const back = `/sqs/queues/${segment(name)}`;
  const navigate = useNavigate();
  const flash = useFlash();
  const queue = useLoad(async () => queueAttributes(await queueUrl(name)), [name]);
  const [fields, setFields] = useState<QueueFields>();
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    if (queue.data && !fields) setFields(toFields(queue.data));
  }, [queue.data, fields]);

  const save = async () => {
    if (!fields || !queue.data) return;
    setBusy(true);
    try {
      const attributes = await toAttributes(fields, queue.data, queueUrl);
      if (Object.keys(attributes).length) {
        await sqs().send(new SetQueueAttributesCommand({ QueueUrl: await queueUrl(name), Attributes: attributes }));
      }
      flash.done(`The queue ${name} was updated.`, back);
    } catch (error) {
      flash.failure(error, "The queue was not updated");
      setBusy(false);
    }
  };

  return (
    <Page title={`Edit ${name}`} reads={[queue]}>
      <Form
        actions={
          <Buttons>
            <Button variant="link" onClick={() => navigate(back)}>
              Cancel
            </Button>
            <Button variant="primary" loading={busy} disabled={!fields} onClick={() => void save()}>
              Save
            </Button>
          </Buttons>
        }
      >
        {fields && <QueueForm fields={fields} fifo={name.endsWith(".fifo")} onChange={setFields} />}
      </Form>
    </Page>
  );
}

function toFields(attributes: Attributes): QueueFields {
  const redrive = JSON.parse(attributes.RedrivePolicy || "{}") as { deadLetterTargetArn?: string; maxReceiveCount?: number | string };
  return {
    attributes: Object.fromEntries(EDITED.filter((one) => attributes[one] !== undefined).map((one) => [one, attributes[one] ?? ""])),
    deadLetterQueue: redrive.deadLetterTargetArn ? queueName(redrive.deadLetterTargetArn) : "",
    maxReceiveCount: String(redrive.maxReceiveCount ?? 10),
  };
}
