// The same event once more, or another like it.
import { InvokeCommand } from "@aws-sdk/client-lambda";
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Textarea from "@cloudscape-design/components/textarea";
import { useEffect, useState } from "react";
import { useFlash } from "../../app/flash";
import { Go } from "../../app/go";
import { segment } from "../../app/routes";
import { lambda, lastName } from "../../aws/lambda";
import { explain } from "../../aws/problem";
import { getEvent, replay, type EventDetail } from "../../live/events";
import { useLoad } from "../../live/load";
import { pretty } from "../../parts/format";
import { Buttons } from "../../parts/Page";

export function SendAgain({ id, onClose }: { id: string; onClose: () => void }) {
  const read = useLoad(() => getEvent(id), [id]);
  const [payload, setPayload] = useState<string>();
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const flash = useFlash();
  useEffect(() => {
    if (read.data) setPayload((now) => now ?? pretty(read.data?.payload ?? ""));
  }, [read.data]);

  const send = async () => {
    if (!read.data || payload === undefined) return;
    setBusy(true);
    try {
      JSON.parse(payload);
      const fresh = await sendAgain(read.data, payload);
      flash.success(
        <>
          Sent again as <Go to={`/events/${segment(fresh)}`}>{fresh}</Go>
        </>,
      );
      onClose();
    } catch (error) {
      setProblem(error instanceof SyntaxError ? `This is no JSON: ${error.message}` : explain(error));
      setBusy(false);
    }
  };
  return (
    <Modal
      visible
      size="large"
      header="Send again"
      closeAriaLabel="Close"
      onDismiss={onClose}
      footer={
        <Box float="right">
          <Buttons>
            <Button variant="link" onClick={onClose}>
              Cancel
            </Button>
            <Button variant="primary" loading={busy} disabled={!payload} onClick={() => void send()}>
              Send
            </Button>
          </Buttons>
        </Box>
      }
    >
      <SpaceBetween size="m">
        {(problem || read.error) && <Alert type="error">{problem || read.error}</Alert>}
        {read.data?.payload === null && <Alert type="info">The payload of this event was not kept; say what to send.</Alert>}
        <FormField label="Event" description={`Goes to ${lastName(read.data?.event.function ?? "")}, as it was or edited.`} stretch>
          <Textarea rows={18} spellcheck={false} value={payload ?? ""} onChange={({ detail }) => setPayload(detail.value)} />
        </FormField>
      </SpaceBetween>
    </Modal>
  );
}

/** A failed event as it was is replayed, linked to the old one; anything else is a new invocation. Answers with its id. */
async function sendAgain({ event, payload: before }: EventDetail, payload: string): Promise<string> {
  if (event.state === "failed" && before !== null && pretty(before) === payload) return (await replay(event.id)).replay;
  const told = await lambda().send(
    new InvokeCommand({ FunctionName: event.function, InvocationType: "Event", Payload: new TextEncoder().encode(payload) }),
  );
  return told.$metadata.requestId ?? "";
}
