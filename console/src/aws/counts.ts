// How many there are of everything, for the first page.
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { EventBridgeClient, ListRulesCommand } from "@aws-sdk/client-eventbridge";
import { ListRolesCommand } from "@aws-sdk/client-iam";
import { ListFunctionsCommand } from "@aws-sdk/client-lambda";
import { ListBucketsCommand } from "@aws-sdk/client-s3";
import { ListTopicsCommand, SNSClient } from "@aws-sdk/client-sns";
import { ListQueuesCommand } from "@aws-sdk/client-sqs";
import { client } from "./client";
import { iam } from "./iam";
import { lambda } from "./lambda";
import { s3 } from "./s3";
import { sqs } from "./sqs";

/** A number, and whether there are more than were counted. */
export type Count = [number: number, more: boolean];

const COUNTS: Record<string, () => Promise<Count>> = {
  s3: async () => {
    const got = await s3().send(new ListBucketsCommand({ MaxBuckets: 1000 }));
    return [got.Buckets?.length ?? 0, Boolean(got.ContinuationToken)];
  },
  lambda: async () => {
    const got = await lambda().send(new ListFunctionsCommand({}));
    return [got.Functions?.length ?? 0, Boolean(got.NextMarker)];
  },
  sqs: async () => {
    const got = await sqs().send(new ListQueuesCommand({ MaxResults: 1000 }));
    return [got.QueueUrls?.length ?? 0, Boolean(got.NextToken)];
  },
  sns: async () => {
    const got = await client(SNSClient).send(new ListTopicsCommand({}));
    return [got.Topics?.length ?? 0, Boolean(got.NextToken)];
  },
  eventbridge: async () => {
    const got = await client(EventBridgeClient).send(new ListRulesCommand({}));
    return [got.Rules?.length ?? 0, Boolean(got.NextToken)];
  },
  iam: async () => {
    const got = await iam().send(new ListRolesCommand({}));
    return [got.Roles?.length ?? 0, Boolean(got.IsTruncated)];
  },
  logs: async () => {
    const got = await client(CloudWatchLogsClient).send(new DescribeLogGroupsCommand({ limit: 50 }));
    return [got.logGroups?.length ?? 0, Boolean(got.nextToken)];
  },
};

/** All counts; of a service that refuses, none. */
export async function readCounts(): Promise<Record<string, Count | undefined>> {
  const found = await Promise.all(
    Object.entries(COUNTS).map(async ([service, count]) => [service, await count().catch(() => undefined)] as const),
  );
  return Object.fromEntries(found);
}
