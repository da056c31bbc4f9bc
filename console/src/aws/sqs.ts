// SQS, as the pages need it.
import {
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  SQSClient,
  type Message,
} from "@aws-sdk/client-sqs";
import { client } from "./client";

export type Attributes = Record<string, string>;
export type { Message };

export const sqs = (): SQSClient => client(SQSClient, { useQueueUrlAsEndpoint: false });

/** The name in a queue's URL or ARN. */
export const queueName = (url: string): string => url.split(/[/:]/).pop() ?? "";

const PAGES_MAX = 20;

/** The URLs of the region's queues: up to 20,000 of them, and whether there are more. */
export async function listQueues(): Promise<{ urls: string[]; more: boolean }> {
  const urls: string[] = [];
  let token: string | undefined;
  for (let page = 0; page < PAGES_MAX; page++) {
    const got = await sqs().send(new ListQueuesCommand({ MaxResults: 1000, NextToken: token }));
    urls.push(...(got.QueueUrls ?? []));
    token = got.NextToken;
    if (!token) return { urls, more: false };
  }
  return { urls, more: true };
}

export async function queueUrl(name: string): Promise<string> {
  return (await sqs().send(new GetQueueUrlCommand({ QueueName: name }))).QueueUrl ?? "";
}

/** All attributes of a queue. */
export async function queueAttributes(url: string): Promise<Attributes> {
  const got = await sqs().send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["All"] }));
  return (got.Attributes ?? {}) as Attributes;
}
