// Having something invoke a function: the permission on the function first, then the other side.
import { AddPermissionCommand, CreateEventSourceMappingCommand, DeleteEventSourceMappingCommand, RemovePermissionCommand } from "@aws-sdk/client-lambda";
import {
  GetBucketNotificationConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  type Event,
  type FilterRule,
  type NotificationConfiguration,
} from "@aws-sdk/client-s3";
import { uuid } from "./ids";
import { lambda, type Trigger } from "./lambda";
import { s3 } from "./s3";

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
