// CloudWatch Logs, as the pages need it.
import {
  CloudWatchLogsClient,
  DescribeLogGroupsCommand,
  DescribeLogStreamsCommand,
  FilterLogEventsCommand,
  GetLogEventsCommand,
  type LogGroup,
} from "@aws-sdk/client-cloudwatch-logs";
import { client } from "./client";

export const logs = (): CloudWatchLogsClient => client(CloudWatchLogsClient);

export interface LogLine {
  id: string;
  at_ms: number;
  stream: string;
  text: string;
}

const PAGES_MAX = 10;
const GROUPS_MAX = 10_000;

/** The log groups of the region: up to 10,000 of them. */
export async function listGroups(): Promise<LogGroup[]> {
  const found: LogGroup[] = [];
  let nextToken: string | undefined;
  do {
    const got = await logs().send(new DescribeLogGroupsCommand({ limit: 50, nextToken }));
    found.push(...(got.logGroups ?? []));
    nextToken = got.nextToken;
  } while (nextToken && found.length < GROUPS_MAX);
  return found;
}

export interface LineQuery {
  group: string;
  /** One stream, or all. */
  stream: string;
  pattern: string;
  since_ms: number;
}

/** Lines in the order of their time; `more` says that there were more than were read. */
export async function readLines(query: LineQuery): Promise<{ lines: LogLine[]; more: boolean }> {
  const lines: LogLine[] = [];
  let nextToken: string | undefined;
  for (let page = 0; page < PAGES_MAX; page++) {
    const got = await logs().send(
      new FilterLogEventsCommand({
        logGroupName: query.group,
        logStreamNames: query.stream ? [query.stream] : undefined,
        filterPattern: query.pattern || undefined,
        startTime: query.since_ms,
        limit: 1000,
        nextToken,
      }),
    );
    for (const one of got.events ?? []) {
      lines.push({ id: one.eventId ?? "", at_ms: one.timestamp ?? 0, stream: one.logStreamName ?? "", text: (one.message ?? "").trimEnd() });
    }
    nextToken = got.nextToken;
    if (!nextToken) return { lines, more: false };
  }
  return { lines, more: true };
}

const STREAMS_LOOKED_AT = 5;

/** The last lines of a group, the newest first: those of the streams that were written to last. */
export async function lastLines(logGroupName: string, limit: number): Promise<LogLine[]> {
  const latest = { orderBy: "LastEventTime", descending: true, limit: STREAMS_LOOKED_AT } as const;
  const { logStreams = [] } = await logs().send(new DescribeLogStreamsCommand({ logGroupName, ...latest }));
  const read = logStreams.map(async ({ logStreamName = "" }) => {
    const got = await logs().send(new GetLogEventsCommand({ logGroupName, logStreamName, limit, startFromHead: false }));
    return (got.events ?? []).map((one, i): LogLine => {
      const at_ms = one.timestamp ?? 0;
      return { id: `${logStreamName} ${got.nextForwardToken} ${i}`, at_ms, stream: logStreamName, text: (one.message ?? "").trimEnd() };
    });
  });
  const found = (await Promise.all(read)).map((lines) => lines.reverse()).flat();
  return found.sort((a, b) => b.at_ms - a.at_ms).slice(0, limit);
}
