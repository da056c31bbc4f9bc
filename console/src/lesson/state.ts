// How far the lesson has come, read from the server alone: what was done elsewhere, by a command or a test, counts as well.
import { GetFunctionCommand, GetFunctionConfigurationCommand } from "@aws-sdk/client-lambda";
import { GetBucketNotificationConfigurationCommand, ListBucketsCommand } from "@aws-sdk/client-s3";
import { ListQueuesCommand } from "@aws-sdk/client-sqs";
import { arnParts } from "../aws/client";
import { isAllowed } from "../aws/iam";
import { functionName, invokeConfig, lambda } from "../aws/lambda";
import { queueName, sqs } from "../aws/sqs";
import { s3 } from "../aws/s3";
import { isText, toText, unpack } from "../aws/zip";
import { ask } from "../live/api";
import { listEvents, type EventRow } from "../live/events";

export const SUCCESS = "S3-success";
export const FAILURE = "S3-failure";
export const FIRST = "beach.jpeg";
export const SECOND = "index.html";

export interface LessonState {
  queues: Set<string>;
  bucket: string | undefined;
  /** The name of the function that a bucket invokes. */
  fn: string | undefined;
  onFailure: boolean;
  onSuccess: boolean;
  allowed: boolean;
  first: EventRow | undefined;
  second: EventRow | undefined;
  readSuccess: boolean;
  readFailure: boolean;
  raises: boolean;
}

const BUCKETS_MAX = 30;
const CODE_SIZE_MAX = 2 * 1024 * 1024;

export async function readLesson(): Promise<LessonState> {
  const [listed, triggers] = await Promise.all([sqs().send(new ListQueuesCommand({ QueueNamePrefix: "S3-" })), findTriggers()]);
  const queues = new Set((listed.QueueUrls ?? []).map(queueName));
  const { buckets, functions } = triggers;
  const chosen = await choose(functions);
  const state: LessonState = {
    queues,
    bucket: chosen?.bucket ?? buckets[0],
    fn: chosen?.name,
    onFailure: chosen?.onFailure ?? false,
    onSuccess: chosen?.onSuccess ?? false,
    allowed: false,
    first: undefined,
    second: undefined,
    readSuccess: false,
    readFailure: false,
    raises: false,
  };
  return chosen ? { ...state, ...(await readRest(chosen)) } : state;
}

interface Chosen {
  arn: string;
  name: string;
  bucket: string;
  onFailure: boolean;
  onSuccess: boolean;
}

async function findTriggers(): Promise<{ buckets: string[]; functions: { arn: string; bucket: string }[] }> {
  const { Buckets = [] } = await s3().send(new ListBucketsCommand({ MaxBuckets: BUCKETS_MAX }));
  const buckets = Buckets.map(({ Name = "" }) => Name);
  const found = await Promise.all(
    buckets.map(async (bucket) => {
      const told = await s3().send(new GetBucketNotificationConfigurationCommand({ Bucket: bucket })).catch(() => undefined);
      return (told?.LambdaFunctionConfigurations ?? []).map(({ LambdaFunctionArn: arn = "" }) => ({ arn, bucket }));
    }),
  );
  return { buckets, functions: found.flat() };
}

/** The function that has come the furthest, if several are triggered by buckets. */
async function choose(functions: { arn: string; bucket: string }[]): Promise<Chosen | undefined> {
  const all = await Promise.all(
    functions.map(async ({ arn, bucket }): Promise<Chosen> => {
      const name = functionName(arn);
      const config = await invokeConfig(name).catch(() => undefined);
      const goes = (condition: "OnFailure" | "OnSuccess", queue: string) =>
        (config?.DestinationConfig?.[condition]?.Destination ?? "").endsWith(`:${queue}`);
      return { arn, name, bucket, onFailure: goes("OnFailure", FAILURE), onSuccess: goes("OnSuccess", SUCCESS) };
    }),
  );
  const done = ({ onFailure, onSuccess }: Chosen) => Number(onFailure) + Number(onSuccess);
  return all.sort((a, b) => done(b) - done(a))[0];
}

async function readRest({ arn, name }: Chosen): Promise<Partial<LessonState>> {
  const [configuration, first, second] = await Promise.all([
    lambda().send(new GetFunctionConfigurationCommand({ FunctionName: name })),
    lastEvent(name, FIRST, "succeeded"),
    lastEvent(name, SECOND, "failed"),
  ]);
  const { account, region } = arnParts(arn);
  const queue = (which: string) => `arn:aws:sqs:${region}:${account}:${which}`;
  const role = configuration.Role ?? "";
  const may = (which: string) => isAllowed(role, "sqs:SendMessage", queue(which)).catch(() => false);
  const [mayFail, maySucceed, readSuccess, readFailure, raises] = await Promise.all([
    may(FAILURE),
    may(SUCCESS),
    wasRead(first, queue(SUCCESS)),
    wasRead(second, queue(FAILURE)),
    second?.state === "failed" ? true : codeRaises(name, configuration.CodeSha256 ?? "", configuration.CodeSize ?? 0),
  ]);
  return { allowed: mayFail && maySucceed, first, second, readSuccess, readFailure, raises };
}

/** The event of an object: one that ended as wanted, else the newest. */
async function lastEvent(name: string, key: string, state: string): Promise<EventRow | undefined> {
  const { events } = await listEvents({ function: name, key, limit: 20, history: 1 });
  return events.find((event) => event.state === state) ?? events[0];
}

interface Peeked {
  messages: { id: string; attributes: Record<string, string> }[];
}

/** Whether somebody has received the record of an event: it was received, or is no longer there. */
async function wasRead(event: EventRow | undefined, queueArn: string): Promise<boolean> {
  const delivered = event?.history?.find(({ fact, target }) => fact === "Delivered" && target === queueArn);
  if (!delivered) return false;
  const { account, region, resource } = arnParts(queueArn);
  const { messages } = await ask<Peeked>(`sqs/${account}/${region}/${resource}/peek`, { limit: 100 });
  const message = messages.find(({ id }) => id === delivered.receipt);
  return message === undefined || Number(message.attributes.ApproximateReceiveCount) > 0;
}

let known = { sha: "", raises: false };

/** Whether the code of a function raises an exception; looked at once for each code. */
async function codeRaises(name: string, sha: string, size: number): Promise<boolean> {
  if (known.sha === sha || size > CODE_SIZE_MAX) return known.sha === sha && known.raises;
  const { Code } = await lambda().send(new GetFunctionCommand({ FunctionName: name }));
  const { pathname, search } = new URL(Code?.Location ?? "", window.location.origin);
  const answer = await fetch(pathname + search);
  const files = Object.values(await unpack(new Uint8Array(await answer.arrayBuffer())));
  const raises = files.some((data) => isText(data) && /^\s*(raise|throw)\b/m.test(toText(data)));
  known = { sha, raises };
  return raises;
}
