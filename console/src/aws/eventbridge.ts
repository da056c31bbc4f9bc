// EventBridge, as the pages need it: buses, rules, targets.
import {
  EventBridgeClient,
  ListEventBusesCommand,
  ListRulesCommand,
  PutTargetsCommand,
  type EventBus,
  type Rule,
} from "@aws-sdk/client-eventbridge";
import { arnParts, client } from "./client";
import { letters } from "./ids";
import { functionName } from "./lambda";
import { letQueueReceive, letTopicReceive, permitInvoke } from "./trigger";

export const eventBridge = (): EventBridgeClient => client(EventBridgeClient);

const READ_MAX = 10_000;

export async function listBuses(): Promise<EventBus[]> {
  const found: EventBus[] = [];
  let NextToken: string | undefined;
  do {
    const got = await eventBridge().send(new ListEventBusesCommand({ NextToken }));
    found.push(...(got.EventBuses ?? []));
    NextToken = got.NextToken;
  } while (NextToken && found.length < READ_MAX);
  return found;
}

export async function listRules(bus: string): Promise<Rule[]> {
  const found: Rule[] = [];
  let NextToken: string | undefined;
  do {
    const got = await eventBridge().send(new ListRulesCommand({ EventBusName: bus, NextToken }));
    found.push(...(got.Rules ?? []));
    NextToken = got.NextToken;
  } while (NextToken && found.length < READ_MAX);
  return found;
}

/** Adds a target to a rule, and lets the rule reach it, as AWS's console does. */
export async function addTarget(rule: Rule, arn: string, input: string): Promise<void> {
  const source = rule.Arn ?? "";
  const { service } = arnParts(arn);
  if (service === "lambda") await permitInvoke(functionName(arn), "events.amazonaws.com", source);
  if (service === "sqs") await letQueueReceive(arn, "events.amazonaws.com", source);
  if (service === "sns") await letTopicReceive(arn, "events.amazonaws.com", source);
  const target = { Id: `Id${letters(12)}`, Arn: arn, Input: input.trim() || undefined };
  const told = await eventBridge().send(new PutTargetsCommand({ Rule: rule.Name, EventBusName: rule.EventBusName, Targets: [target] }));
  const failed = told.FailedEntries?.[0];
  if (failed) throw new Error(failed.ErrorMessage ?? failed.ErrorCode);
}
