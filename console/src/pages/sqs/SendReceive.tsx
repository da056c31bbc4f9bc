// Sending and receiving messages by hand.
import { GetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import { useParam } from "../../app/params";
import { queueUrl, sqs } from "../../aws/sqs";
import { useLoad } from "../../live/load";
import { Page } from "../../parts/Page";
import { Receive } from "./Receive";
import { Send } from "./Send";

const COUNTS = ["ApproximateNumberOfMessages"] as const;

export default function SendReceive() {
  const name = useParam("name");
  const url = useLoad(() => queueUrl(name), [name]);
  const counts = useLoad(
    async () => {
      const got = await sqs().send(
        new GetQueueAttributesCommand({ QueueUrl: await queueUrl(name), AttributeNames: [...COUNTS] }),
      );
      return Number(got.Attributes?.ApproximateNumberOfMessages ?? 0);
    },
    [name],
    { every_ms: 2000, onFacts: true },
  );
  return (
    <Page title="Send and receive messages" description={`Send messages to and receive messages from ${name}.`} reads={[url]}>
      {url.data && <Send url={url.data} fifo={name.endsWith(".fifo")} onSent={() => void counts.reload()} />}
      {url.data && <Receive url={url.data} available={counts.data} onChanged={() => void counts.reload()} />}
    </Page>
  );
}
