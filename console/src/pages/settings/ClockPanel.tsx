// The server's clock: what it says, and moving it when it is moved by hand.
import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { useFlash } from "../../app/flash";
import { isManual, timeScale, useServerNow } from "../../live/clock";
import { skipAllWaits } from "../../live/events";
import { moveClock, type Move } from "../../live/server";
import { count, dateTime } from "../../parts/format";
import { Buttons } from "../../parts/Page";
import { Values } from "../../parts/Value";

const UNITS: Record<string, [string, number]> = { s: ["seconds", 1000], m: ["minutes", 60_000], h: ["hours", 3_600_000], d: ["days", 86_400_000] };

export function ClockPanel() {
  const now = useServerNow(1000);
  const [amount, setAmount] = useState("1");
  const [unit, setUnit] = useState("m");
  const [busy, setBusy] = useState(false);
  const flash = useFlash();
  const doing = async (deed: () => Promise<string>) => {
    setBusy(true);
    try {
      flash.success(await deed());
    } catch (error) {
      flash.failure(error, "The clock was not moved");
    }
    setBusy(false);
  };
  const move = (how: Move) =>
    doing(async () => `It is ${dateTime((await moveClock(how)).clock_ms)} on the server now, and all that follows is done.`);
  const skip = () =>
    doing(async () => {
      const { skipped } = await skipAllWaits();
      return skipped ? `Skipped the wait of ${count(skipped, "event")}.` : "No event is waiting.";
    });
  const by_ms = Math.round(Number(amount) * UNITS[unit]![1]);
  const option = (id: string) => ({ value: id, label: UNITS[id]![0] });
  return (
    <Container
      header={
        <Header variant="h2" actions={<Button loading={busy} onClick={() => void skip()}>Skip all waits</Button>}>
          Clock
        </Header>
      }
    >
      <SpaceBetween size="m">
        <Values
          items={[
            ["Time on the server", dateTime(now)],
            ["Mode", isManual() ? "Moved by hand" : "Runs by itself"],
            ["Waits", timeScale() === 1 ? "As long as on AWS" : `Multiplied by ${timeScale()}`],
          ]}
        />
        {isManual() ? (
          <SpaceBetween direction="horizontal" size="m" alignItems="end">
            <FormField label="Advance by">
              <Input type="number" value={amount} onChange={({ detail }) => setAmount(detail.value)} />
            </FormField>
            <FormField label="Unit">
              <Select selectedOption={option(unit)} options={Object.keys(UNITS).map(option)} onChange={({ detail }) => setUnit(detail.selectedOption.value ?? unit)} />
            </FormField>
            <Buttons>
              <Button loading={busy} disabled={!(by_ms > 0)} onClick={() => void move({ advance_ms: by_ms })}>
                Advance
              </Button>
              <Button loading={busy} onClick={() => void move({ to: "next" })}>
                To what is due next
              </Button>
              <Button loading={busy} onClick={() => void move({ to: "idle" })}>
                Until nothing is due
              </Button>
            </Buttons>
          </SpaceBetween>
        ) : (
          <Alert type="info">
            The clock runs by itself. Start the server with <code>--clock manual</code> to move it by hand, or with{" "}
            <code>--time-scale 0.01</code> to shorten all waits. A single wait can be skipped in either case.
          </Alert>
        )}
      </SpaceBetween>
    </Container>
  );
}
