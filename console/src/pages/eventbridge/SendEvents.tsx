// One event onto a bus.
import { PutEventsCommand, TestEventPatternCommand } from "@aws-sdk/client-eventbridge";
import Button from "@cloudscape-design/components/button";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Textarea from "@cloudscape-design/components/textarea";
import { useState } from "react";
import { useFlash } from "../../app/flash";
import { account } from "../../aws/account";
import { eventBridge, listRules } from "../../aws/eventbridge";
import { settings } from "../../app/settings";
import { uuid } from "../../aws/ids";
import { serverNow } from "../../live/clock";
import { Buttons } from "../../parts/Page";
import { ChooseBus, type BusProps } from "./shared";

export function SendEvents({ buses, bus, chooseBus }: BusProps) {
  const [source, setSource] = useState("my.app");
  const [type, setType] = useState("order placed");
  const [detail, setDetail] = useState('{\n  "order": 1\n}');
  const [busy, setBusy] = useState(false);
  const flash = useFlash();
  const doing = async (deed: () => Promise<void>, what: string) => {
    setBusy(true);
    try {
      await deed();
    } catch (error) {
      flash.failure(error, what);
    }
    setBusy(false);
  };
  const send = () =>
    doing(async () => {
      const entry = { EventBusName: bus, Source: source, DetailType: type, Detail: detail };
      const { Entries = [] } = await eventBridge().send(new PutEventsCommand({ Entries: [entry] }));
      const told = Entries[0];
      if (told?.ErrorCode) throw new Error(`${told.ErrorCode}: ${told.ErrorMessage}`);
      flash.success(`The event was sent, as ${told?.EventId}.`);
    }, "The event was not sent");
  const match = () =>
    doing(async () => {
      const names = await matching(bus, source, type, detail);
      flash.info(names.length ? `It would match ${names.join(", ")}.` : `No rule of ${bus} would match it.`);
    }, "The rules were not asked");
  return (
    <Container
      header={
        <Header
          variant="h2"
          description="Rules of the bus that match it send it to their targets."
          actions={
            <Buttons>
              <Button loading={busy} onClick={() => void match()}>
                Which rules match?
              </Button>
              <Button variant="primary" loading={busy} onClick={() => void send()}>
                Send
              </Button>
            </Buttons>
          }
        >
          Send events
        </Header>
      }
    >
      <SpaceBetween size="m">
        <ColumnLayout columns={3}>
          <FormField label="Event bus">
            <ChooseBus buses={buses} bus={bus} chooseBus={chooseBus} />
          </FormField>
          <FormField label="Event source">
            <Input value={source} spellcheck={false} onChange={(change) => setSource(change.detail.value)} />
          </FormField>
          <FormField label="Detail type">
            <Input value={type} spellcheck={false} onChange={(change) => setType(change.detail.value)} />
          </FormField>
        </ColumnLayout>
        <FormField label="Event detail" stretch>
          <Textarea value={detail} rows={8} spellcheck={false} onChange={(change) => setDetail(change.detail.value)} />
        </FormField>
      </SpaceBetween>
    </Container>
  );
}

/** The names of the bus's rules that such an event would match. */
async function matching(bus: string, source: string, type: string, detail: string): Promise<string[]> {
  const event = JSON.stringify({
    version: "0",
    id: uuid(),
    account: await account(),
    region: settings().region,
    time: new Date(serverNow()).toISOString().replace(/\.\d+Z/, "Z"),
    source,
    "detail-type": type,
    resources: [],
    detail: JSON.parse(detail) as unknown,
  });
  const asked = (await listRules(bus)).map(async ({ Name = "", EventPattern }) => {
    if (!EventPattern) return [];
    const told = await eventBridge().send(new TestEventPatternCommand({ EventPattern, Event: event }));
    return told.Result ? [Name] : [];
  });
  return (await Promise.all(asked)).flat();
}
