// Who gets the messages of a topic.
import { ListSubscriptionsByTopicCommand, SubscribeCommand, UnsubscribeCommand, type Subscription } from "@aws-sdk/client-sns";
import Button from "@cloudscape-design/components/button";
import Checkbox from "@cloudscape-design/components/checkbox";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import Textarea from "@cloudscape-design/components/textarea";
import { useState } from "react";
import { useFlash } from "../../app/flash";
import { Go } from "../../app/go";
import { arnParts } from "../../aws/client";
import { functionName, listFunctions } from "../../aws/lambda";
import { letQueueReceive, permitInvoke } from "../../aws/trigger";
import { placeOf } from "../../aws/places";
import { sns } from "../../aws/sns";
import { listQueues, queueName } from "../../aws/sqs";
import { useLoad } from "../../live/load";
import { Confirm } from "../../parts/Confirm";
import { Buttons } from "../../parts/Page";
import { ResourceTable } from "../../parts/ResourceTable";

const PENDING = "PendingConfirmation";
const FOUND_MAX = 5_000;

export function Subscriptions({ topic, onChanged }: { topic: string; onChanged: () => Promise<void> }) {
  const found = useLoad(() => readSubscriptions(topic), [topic], { every_ms: 5000 });
  const [chosen, setChosen] = useState<string[]>([]);
  const [asking, setAsking] = useState<"create" | "delete">();
  const flash = useFlash();
  const close = () => setAsking(undefined);
  const again = async () => void (await Promise.all([found.reload(), onChanged()]));
  const remove = async () => {
    await sns().send(new UnsubscribeCommand({ SubscriptionArn: chosen[0] }));
    flash.success("The subscription was deleted.");
    setChosen([]);
    await again();
  };
  return (
    <>
      <ResourceTable<Subscription>
        title="Subscriptions"
        items={found.data}
        id={(one) => (one.SubscriptionArn === PENDING ? `${PENDING} ${one.Endpoint}` : (one.SubscriptionArn ?? ""))}
        text={(one) => `${one.Endpoint} ${one.Protocol}`}
        searchLabel="Search subscriptions"
        selection="single"
        chosen={chosen}
        onChoose={setChosen}
        empty={found.error ?? "Nobody gets the messages of this topic yet."}
        actions={
          <Buttons>
            <Button disabled={!chosen[0] || chosen[0].startsWith(PENDING)} onClick={() => setAsking("delete")}>
              Delete
            </Button>
            <Button variant="primary" onClick={() => setAsking("create")}>
              Create subscription
            </Button>
          </Buttons>
        }
        columns={[
          { id: "endpoint", header: "Endpoint", isRowHeader: true, cell: (one) => <Endpoint arn={one.Endpoint ?? ""} /> },
          { id: "protocol", header: "Protocol", cell: (one) => one.Protocol },
          {
            id: "status",
            header: "Status",
            cell: (one) =>
              one.SubscriptionArn === PENDING ? (
                <StatusIndicator type="pending">Pending confirmation</StatusIndicator>
              ) : (
                <StatusIndicator>Confirmed</StatusIndicator>
              ),
          },
          { id: "id", header: "ID", cell: (one) => one.SubscriptionArn?.split(":")[6] ?? "-" },
        ]}
      />
      {asking === "create" && <Subscribe topic={topic} onClose={close} onDone={again} />}
      {asking === "delete" && (
        <Confirm title="Delete subscription" action="Delete" onConfirm={remove} onClose={close}>
          Messages will not be sent there any more.
        </Confirm>
      )}
    </>
  );
}

function Endpoint({ arn }: { arn: string }) {
  const place = arn.startsWith("arn:") ? placeOf(arn) : undefined;
  return place ? <Go to={place}>{arn}</Go> : <>{arn}</>;
}

async function readSubscriptions(TopicArn: string): Promise<Subscription[]> {
  const found: Subscription[] = [];
  let NextToken: string | undefined;
  do {
    const got = await sns().send(new ListSubscriptionsByTopicCommand({ TopicArn, NextToken }));
    found.push(...(got.Subscriptions ?? []));
    NextToken = got.NextToken;
  } while (NextToken && found.length < FOUND_MAX);
  return found;
}

const PROTOCOLS: Record<string, string> = { sqs: "Amazon SQS", lambda: "AWS Lambda", http: "HTTP", https: "HTTPS" };

async function candidates(protocol: string, topic: string): Promise<{ value: string; label: string }[]> {
  const { region, account } = arnParts(topic);
  if (protocol === "sqs") {
    const { urls } = await listQueues();
    return urls.map((url) => ({ value: `arn:aws:sqs:${region}:${account}:${queueName(url)}`, label: queueName(url) }));
  }
  if (protocol === "lambda") {
    return (await listFunctions()).map(({ FunctionArn = "", FunctionName = "" }) => ({ value: FunctionArn, label: FunctionName }));
  }
  return [];
}

function Subscribe({ topic, onClose, onDone }: { topic: string; onClose: () => void; onDone: () => Promise<void> }) {
  const [protocol, setProtocol] = useState("sqs");
  const [endpoint, setEndpoint] = useState("");
  const [raw, setRaw] = useState(false);
  const [filter, setFilter] = useState("");
  const flash = useFlash();
  const found = useLoad(() => candidates(protocol, topic), [protocol, topic]);
  const isArn = protocol === "sqs" || protocol === "lambda";
  const subscribe = async () => {
    if (!endpoint) throw new Error("Say who gets the messages.");
    const Attributes = { ...(raw ? { RawMessageDelivery: "true" } : {}), ...(filter.trim() ? { FilterPolicy: filter } : {}) };
    if (protocol === "lambda") await permitInvoke(functionName(endpoint), "sns.amazonaws.com", topic);
    if (protocol === "sqs") await letQueueReceive(endpoint, "sns.amazonaws.com", topic);
    await sns().send(new SubscribeCommand({ TopicArn: topic, Protocol: protocol, Endpoint: endpoint, Attributes }));
    flash.success("The subscription was created, and the topic may send there.");
    await onDone();
  };
  return (
    <Confirm title="Create subscription" action="Create subscription" onConfirm={subscribe} onClose={onClose}>
      <SpaceBetween size="m">
        <FormField label="Protocol">
          <Select
            selectedOption={{ value: protocol, label: PROTOCOLS[protocol] }}
            options={Object.entries(PROTOCOLS).map(([value, label]) => ({ value, label }))}
            onChange={({ detail }) => {
              setProtocol(detail.selectedOption.value ?? "sqs");
              setEndpoint("");
            }}
          />
        </FormField>
        <FormField label="Endpoint">
          {isArn ? (
            <Select
              selectedOption={found.data?.find(({ value }) => value === endpoint) ?? null}
              placeholder="Choose who gets the messages"
              empty="There is none yet"
              filteringType={(found.data?.length ?? 0) > 10 ? "auto" : "none"}
              options={found.data ?? []}
              statusType={found.error ? "error" : found.data ? "finished" : "loading"}
              errorText={found.error}
              onChange={({ detail }) => setEndpoint(detail.selectedOption.value ?? "")}
            />
          ) : (
            <Input value={endpoint} spellcheck={false} placeholder={`${protocol}://`} onChange={({ detail }) => setEndpoint(detail.value)} />
          )}
        </FormField>
        {protocol !== "lambda" && (
          <Checkbox checked={raw} onChange={({ detail }) => setRaw(detail.checked)}>
            Enable raw message delivery
          </Checkbox>
        )}
        <FormField label="Subscription filter policy" description="JSON; only messages whose attributes fit are sent. Empty sends all.">
          <Textarea value={filter} rows={3} spellcheck={false} placeholder={'{"kind": ["photo"]}'} onChange={({ detail }) => setFilter(detail.value)} />
        </FormField>
      </SpaceBetween>
    </Confirm>
  );
}
