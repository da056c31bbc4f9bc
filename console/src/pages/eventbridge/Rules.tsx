// The rules of a bus that match events, or those that run on a schedule.
import { DeleteRuleCommand, DisableRuleCommand, EnableRuleCommand, PutRuleCommand, RemoveTargetsCommand, ListTargetsByRuleCommand, type Rule } from "@aws-sdk/client-eventbridge";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import Textarea from "@cloudscape-design/components/textarea";
import { useState } from "react";
import { useFlash } from "../../app/flash";
import { Go } from "../../app/go";
import { segment } from "../../app/routes";
import { eventBridge, listRules } from "../../aws/eventbridge";
import { useLoad } from "../../live/load";
import { Confirm } from "../../parts/Confirm";
import { Buttons } from "../../parts/Page";
import { ResourceTable } from "../../parts/ResourceTable";
import { ChooseBus, PATTERN, type BusProps } from "./shared";

type Kind = "pattern" | "schedule";

export function Rules({ kind, buses, bus, chooseBus }: BusProps & { kind: Kind }) {
  const rules = useLoad(async () => (await listRules(bus)).filter((one) => Boolean(one.ScheduleExpression) === (kind === "schedule")), [bus, kind], {
    every_ms: 5000,
  });
  const [chosen, setChosen] = useState<string[]>([]);
  const [asking, setAsking] = useState<"create" | "delete">();
  const flash = useFlash();
  const close = () => setAsking(undefined);
  const rule = rules.data?.find(({ Name }) => Name === chosen[0]);

  const remove = async () => {
    await removeRule(rule ?? {});
    flash.success(`The rule ${rule?.Name} was deleted.`);
    setChosen([]);
    await rules.reload();
  };
  const toggle = async () => {
    const named = { Name: rule?.Name, EventBusName: bus };
    try {
      await (rule?.State === "ENABLED" ? eventBridge().send(new DisableRuleCommand(named)) : eventBridge().send(new EnableRuleCommand(named)));
      await rules.reload();
    } catch (error) {
      flash.failure(error, "The rule was not changed");
    }
  };
  return (
    <SpaceBetween size="m">
      {kind === "pattern" && (
        <FormField label="Event bus">
          <ChooseBus buses={buses} bus={bus} chooseBus={chooseBus} />
        </FormField>
      )}
      <ResourceTable<Rule>
        title={kind === "pattern" ? "Rules" : "Schedules"}
        description={kind === "pattern" ? "A rule sends the events that match its pattern to its targets." : "Rules of the default bus that run at a rate or at times."}
        items={rules.data}
        id={(one) => one.Name ?? ""}
        text={(one) => one.Name ?? ""}
        searchLabel="Find rules"
        selection="single"
        chosen={chosen}
        onChoose={setChosen}
        empty={rules.error ?? (kind === "pattern" ? "There is no rule on this bus yet." : "There is no schedule yet.")}
        actions={
          <Buttons>
            <Button disabled={!rule} onClick={() => void toggle()}>
              {rule?.State === "DISABLED" ? "Enable" : "Disable"}
            </Button>
            <Button disabled={!rule} onClick={() => setAsking("delete")}>
              Delete
            </Button>
            <Button variant="primary" onClick={() => setAsking("create")}>
              {kind === "pattern" ? "Create rule" : "Create schedule"}
            </Button>
          </Buttons>
        }
        columns={[
          { id: "name", header: "Name", isRowHeader: true, cell: (one) => <Go to={rulePage(one)}>{one.Name}</Go>, sortingField: "Name" },
          {
            id: "state",
            header: "Status",
            cell: (one) => <StatusIndicator type={one.State === "ENABLED" ? "success" : "stopped"}>{one.State === "ENABLED" ? "Enabled" : "Disabled"}</StatusIndicator>,
          },
          {
            id: "what",
            header: kind === "pattern" ? "Event pattern" : "Schedule",
            cell: (one) => <Box variant="code">{kind === "pattern" ? compact(one.EventPattern) : one.ScheduleExpression}</Box>,
          },
          { id: "description", header: "Description", cell: (one) => one.Description || "-" },
        ]}
      />
      {asking === "create" && <CreateRule kind={kind} bus={bus} onClose={close} />}
      {asking === "delete" && rule && (
        <Confirm title={`Delete ${rule.Name}`} action="Delete" word="delete" onConfirm={remove} onClose={close}>
          The rule and its targets will be gone.
        </Confirm>
      )}
    </SpaceBetween>
  );
}

export const rulePage = (rule: Rule): string => `/eventbridge/${segment(rule.EventBusName ?? "default")}/${segment(rule.Name ?? "")}`;

/** A rule goes after its targets. */
export async function removeRule({ Name, EventBusName }: Rule): Promise<void> {
  for (;;) {
    const { Targets = [] } = await eventBridge().send(new ListTargetsByRuleCommand({ Rule: Name, EventBusName }));
    if (!Targets.length) break;
    await eventBridge().send(new RemoveTargetsCommand({ Rule: Name, EventBusName, Ids: Targets.map(({ Id = "" }) => Id) }));
  }
  await eventBridge().send(new DeleteRuleCommand({ Name, EventBusName }));
}

function compact(pattern: string | undefined): string {
  try {
    return JSON.stringify(JSON.parse(pattern ?? ""));
  } catch {
    return pattern ?? "-";
  }
}

function CreateRule({ kind, bus, onClose }: { kind: Kind; bus: string; onClose: () => void }) {
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const [what, setWhat] = useState(kind === "pattern" ? PATTERN : "rate(5 minutes)");
  const flash = useFlash();
  const create = async () => {
    await eventBridge().send(
      new PutRuleCommand({
        Name: name,
        EventBusName: bus,
        Description: description || undefined,
        ...(kind === "pattern" ? { EventPattern: what } : { ScheduleExpression: what }),
      }),
    );
    flash.done(`The rule ${name} was created. Add a target: it does nothing without one.`, rulePage({ Name: name, EventBusName: bus }));
  };
  return (
    <Confirm title={kind === "pattern" ? "Create rule" : "Create schedule"} action="Create" onConfirm={create} onClose={onClose}>
      <SpaceBetween size="m">
        <FormField label="Name" description={`On the bus ${bus}.`}>
          <Input value={name} autoFocus spellcheck={false} onChange={({ detail }) => setName(detail.value)} />
        </FormField>
        <FormField label="Description" description="May be left out.">
          <Input value={description} onChange={({ detail }) => setDescription(detail.value)} />
        </FormField>
        {kind === "pattern" ? (
          <FormField label="Event pattern">
            <Textarea value={what} rows={8} spellcheck={false} onChange={({ detail }) => setWhat(detail.value)} />
          </FormField>
        ) : (
          <FormField label="Schedule expression" constraintText="rate(5 minutes) or cron(0 12 * * ? *), in UTC">
            <Input value={what} spellcheck={false} onChange={({ detail }) => setWhat(detail.value)} />
          </FormField>
        )}
      </SpaceBetween>
    </Confirm>
  );
}
