// One rule: what it matches or when it runs, and where it sends.
import {
  DescribeRuleCommand,
  DisableRuleCommand,
  EnableRuleCommand,
  ListTargetsByRuleCommand,
  PutRuleCommand,
  RemoveTargetsCommand,
  type Target,
} from "@aws-sdk/client-eventbridge";
import Button from "@cloudscape-design/components/button";
import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import Textarea from "@cloudscape-design/components/textarea";
import { useState } from "react";
import { useFlash } from "../../app/flash";
import { Go } from "../../app/go";
import { useParam } from "../../app/params";
import { arnParts } from "../../aws/client";
import { eventBridge } from "../../aws/eventbridge";
import { lastName, SERVICES } from "../../aws/lambda";
import { placeOf } from "../../aws/places";
import { useLoad } from "../../live/load";
import { Code } from "../../parts/Code";
import { Confirm } from "../../parts/Confirm";
import { Copy } from "../../parts/Copy";
import { pretty } from "../../parts/format";
import { Buttons, Page } from "../../parts/Page";
import { ResourceTable } from "../../parts/ResourceTable";
import { Values } from "../../parts/Value";
import { AddTarget } from "./AddTarget";
import { removeRule } from "./Rules";

export default function RulePage() {
  const bus = useParam("bus");
  const name = useParam("name");
  const named = { Name: name, EventBusName: bus };
  const rule = useLoad(() => eventBridge().send(new DescribeRuleCommand(named)), [bus, name], { every_ms: 10_000 });
  const read = () => eventBridge().send(new ListTargetsByRuleCommand({ Rule: name, EventBusName: bus }));
  const targets = useLoad(async () => (await read()).Targets ?? [], [bus, name], { every_ms: 10_000 });
  const [chosen, setChosen] = useState<string[]>([]);
  const [asking, setAsking] = useState<"edit" | "delete" | "add" | "remove">();
  const flash = useFlash();
  const close = () => setAsking(undefined);
  const found = rule.data;
  const isEnabled = found?.State === "ENABLED";

  const toggle = async () => {
    try {
      await (isEnabled ? eventBridge().send(new DisableRuleCommand(named)) : eventBridge().send(new EnableRuleCommand(named)));
      await rule.reload();
    } catch (error) {
      flash.failure(error, "The rule was not changed");
    }
  };
  const removeTarget = async () => {
    await eventBridge().send(new RemoveTargetsCommand({ Rule: name, EventBusName: bus, Ids: chosen }));
    setChosen([]);
    await targets.reload();
  };
  return (
    <Page
      title={name}
      reads={[rule, targets]}
      actions={
        <Buttons>
          <Button disabled={!found} onClick={() => void toggle()}>
            {isEnabled ? "Disable" : "Enable"}
          </Button>
          <Button disabled={!found} onClick={() => setAsking("edit")}>
            Edit
          </Button>
          <Button onClick={() => setAsking("delete")}>Delete</Button>
        </Buttons>
      }
    >
      <Container header={<Header variant="h2">Rule details</Header>}>
        <Values
          columns={2}
          items={[
            ["Status", found && <StatusIndicator key="state" type={isEnabled ? "success" : "stopped"}>{isEnabled ? "Enabled" : "Disabled"}</StatusIndicator>],
            ["Event bus", <Go key="bus" to={`/eventbridge?bus=${encodeURIComponent(bus)}`}>{bus}</Go>],
            ["ARN", found?.Arn && <Copy text={found.Arn} label="ARN" />],
            ["Description", found?.Description || "-"],
            ["Schedule", found?.ScheduleExpression && <Box variant="code">{found.ScheduleExpression}</Box>],
          ]}
        />
      </Container>
      {found?.EventPattern && (
        <Container header={<Header variant="h2">Event pattern</Header>}>
          <Code text={found.EventPattern} label="Copy the event pattern" />
        </Container>
      )}
      <ResourceTable<Target>
        title="Targets"
        items={targets.data}
        id={(one) => one.Id ?? ""}
        selection="single"
        chosen={chosen}
        onChoose={setChosen}
        empty="The rule sends nowhere."
        actions={
          <Buttons>
            <Button disabled={!chosen[0]} onClick={() => setAsking("remove")}>
              Remove
            </Button>
            <Button variant="primary" disabled={!found} onClick={() => setAsking("add")}>
              Add target
            </Button>
          </Buttons>
        }
        columns={[
          { id: "target", header: "Target", isRowHeader: true, cell: (one) => <Place arn={one.Arn ?? ""} /> },
          { id: "type", header: "Type", cell: (one) => SERVICES[arnParts(one.Arn ?? "").service] ?? arnParts(one.Arn ?? "").service },
          { id: "input", header: "Input", cell: (one) => one.Input ?? one.InputPath ?? (one.InputTransformer ? "Transformed" : "Matched event") },
          { id: "dead", header: "Dead-letter queue", cell: (one) => (one.DeadLetterConfig?.Arn ? <Place arn={one.DeadLetterConfig.Arn} /> : "-") },
          { id: "id", header: "ID", cell: (one) => one.Id },
        ]}
      />
      {asking === "add" && found && <AddTarget rule={found} onClose={close} onAdded={targets.reload} />}
      {asking === "edit" && found && <EditRule rule={found} bus={bus} onClose={close} onSaved={rule.reload} />}
      {asking === "remove" && (
        <Confirm title="Remove the target" action="Remove" onConfirm={removeTarget} onClose={close}>
          The rule will not send there any more.
        </Confirm>
      )}
      {asking === "delete" && (
        <Confirm
          title={`Delete ${name}`}
          action="Delete"
          word="delete"
          onClose={close}
          onConfirm={async () => {
            await removeRule(named);
            flash.done(`The rule ${name} was deleted.`, `/eventbridge?bus=${encodeURIComponent(bus)}`);
          }}
        >
          The rule and its targets will be gone.
        </Confirm>
      )}
    </Page>
  );
}

function Place({ arn }: { arn: string }) {
  const place = placeOf(arn);
  return place ? <Go to={place}>{lastName(arn)}</Go> : <>{lastName(arn)}</>;
}

interface EditProps {
  rule: { Name?: string; EventPattern?: string; ScheduleExpression?: string; Description?: string; State?: string; RoleArn?: string };
  bus: string;
  onClose: () => void;
  onSaved: () => Promise<void>;
}

function EditRule({ rule, bus, onClose, onSaved }: EditProps) {
  const [pattern, setPattern] = useState(pretty(rule.EventPattern ?? ""));
  const [schedule, setSchedule] = useState(rule.ScheduleExpression ?? "");
  const save = async () => {
    const { Name, Description, RoleArn } = rule;
    const State = rule.State === "DISABLED" ? "DISABLED" : "ENABLED";
    const what = { EventPattern: pattern || undefined, ScheduleExpression: schedule || undefined };
    await eventBridge().send(new PutRuleCommand({ Name, EventBusName: bus, Description, RoleArn, State, ...what }));
    await onSaved();
  };
  return (
    <Confirm title={`Edit ${rule.Name}`} action="Save" onConfirm={save} onClose={onClose}>
      {rule.ScheduleExpression ? (
        <FormField label="Schedule expression" constraintText="rate(5 minutes) or cron(0 12 * * ? *), in UTC">
          <Input value={schedule} spellcheck={false} onChange={({ detail }) => setSchedule(detail.value)} />
        </FormField>
      ) : (
        <FormField label="Event pattern">
          <Textarea value={pattern} rows={10} spellcheck={false} onChange={({ detail }) => setPattern(detail.value)} />
        </FormField>
      )}
    </Confirm>
  );
}
