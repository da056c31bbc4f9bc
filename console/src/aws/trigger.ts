// Having something invoke a function: the permission on the function first, then the other side.
import { AddPermissionCommand, CreateEventSourceMappingCommand, DeleteEventSourceMappingCommand, RemovePermissionCommand } from "@aws-sdk/client-lambda";
import {
  GetBucketNotificationConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  type Event,
  type FilterRule,
  type NotificationConfiguration,
} from "@aws-sdk/client-s3";
import { GetTopicAttributesCommand, SetTopicAttributesCommand } from "@aws-sdk/client-sns";
import { SetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import { uuid } from "./ids";
import { lambda, lastName, type Trigger } from "./lambda";
import { s3 } from "./s3";
import { sns } from "./sns";
import { queueAttributes, queueUrl, sqs } from "./sqs";

/** Lets a service invoke a function on behalf of something. */
export async function permitInvoke(name: string, principal: string, sourceArn: string, account?: string): Promise<string> {
  const statement = `lambda-${uuid()}`;
  await lambda().send(
    new AddPermissionCommand({
      FunctionName: name,
      StatementId: statement,
      Action: "lambda:InvokeFunction",
      Principal: principal,
      SourceArn: sourceArn,
      SourceAccount: account,
    }),
  );
  return statement;
}

interface S3Trigger {
  functionArn: string;
  name: string;
  account: string;
  bucket: string;
  events: string[];
  prefix: string;
  suffix: string;
}

/** Has a bucket invoke a function; leaves no permission behind when the bucket refuses. */
export async function addS3Trigger(wanted: S3Trigger): Promise<void> {
  const { bucket, functionArn, name, account } = wanted;
  const statement = await permitInvoke(name, "s3.amazonaws.com", `arn:aws:s3:::${bucket}`, account);
  try {
    const before = await notifications(bucket);
    const FilterRules = [
      { Name: "prefix", Value: wanted.prefix },
      { Name: "suffix", Value: wanted.suffix },
    ].filter(({ Value }) => Value) as FilterRule[];
    const rule = {
      Id: uuid(),
      LambdaFunctionArn: functionArn,
      Events: wanted.events as Event[],
      ...(FilterRules.length ? { Filter: { Key: { FilterRules } } } : {}),
    };
    const rules = [...(before.LambdaFunctionConfigurations ?? []), rule];
    await putNotifications(bucket, { ...before, LambdaFunctionConfigurations: rules });
  } catch (error) {
    await lambda().send(new RemovePermissionCommand({ FunctionName: name, StatementId: statement }));
    throw error;
  }
}

export async function notifications(bucket: string): Promise<NotificationConfiguration> {
  const got = await s3().send(new GetBucketNotificationConfigurationCommand({ Bucket: bucket }));
  const { LambdaFunctionConfigurations, QueueConfigurations, TopicConfigurations, EventBridgeConfiguration } = got;
  return { LambdaFunctionConfigurations, QueueConfigurations, TopicConfigurations, EventBridgeConfiguration };
}

async function putNotifications(bucket: string, configuration: NotificationConfiguration): Promise<void> {
  await s3().send(new PutBucketNotificationConfigurationCommand({ Bucket: bucket, NotificationConfiguration: configuration }));
}

/** Has a queue polled for a function. */
export async function addQueueTrigger(name: string, queueArn: string, batchSize: number): Promise<void> {
  const mapping = { FunctionName: name, EventSourceArn: queueArn, BatchSize: batchSize, Enabled: true };
  await lambda().send(new CreateEventSourceMappingCommand(mapping));
}

/** Ends a trigger on both sides. */
export async function removeTrigger(name: string, functionArn: string, trigger: Trigger): Promise<void> {
  if (trigger.mapping) {
    await lambda().send(new DeleteEventSourceMappingCommand({ UUID: trigger.mapping }));
    return;
  }
  if (trigger.service === "s3") {
    const before = await notifications(trigger.name);
    const kept = (before.LambdaFunctionConfigurations ?? []).filter((one) => one.LambdaFunctionArn !== functionArn);
    await putNotifications(trigger.name, { ...before, LambdaFunctionConfigurations: kept });
  }
  if (trigger.statement) {
    await lambda().send(new RemovePermissionCommand({ FunctionName: name, StatementId: trigger.statement }));
  }
}

interface Statement {
  Sid?: string;
  Effect: string;
  Principal: { Service: string };
  Action: string;
  Resource: string;
  Condition: { ArnEquals: Record<string, string> };
}

/** The policy with one more statement: a service may do something on behalf of `source`; the same if it has it. */
function allowing(policy: string | undefined, service: string, action: string, resource: string, source: string): string {
  const before = JSON.parse(policy || '{"Version": "2012-10-17", "Statement": []}') as { Statement: Statement[] };
  const known = [before.Statement].flat();
  const statement: Statement = {
    Effect: "Allow",
    Principal: { Service: service },
    Action: action,
    Resource: resource,
    Condition: { ArnEquals: { "aws:SourceArn": source } },
  };
  const same = known.some((one) => JSON.stringify({ ...one, Sid: undefined }) === JSON.stringify(statement));
  return JSON.stringify({ ...before, Statement: same ? known : [...known, statement] });
}

/** Lets a service send to a queue on behalf of something, by the queue's policy. */
export async function letQueueReceive(queueArn: string, service: string, source: string): Promise<void> {
  const url = await queueUrl(lastName(queueArn));
  const { Policy } = await queueAttributes(url);
  const Attributes = { Policy: allowing(Policy, service, "sqs:SendMessage", queueArn, source) };
  await sqs().send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes }));
}

/** Lets a service publish to a topic on behalf of something, by the topic's policy. */
export async function letTopicReceive(topicArn: string, service: string, source: string): Promise<void> {
  const { Attributes } = await sns().send(new GetTopicAttributesCommand({ TopicArn: topicArn }));
  const AttributeValue = allowing(Attributes?.Policy, service, "sns:Publish", topicArn, source);
  await sns().send(new SetTopicAttributesCommand({ TopicArn: topicArn, AttributeName: "Policy", AttributeValue }));
}
