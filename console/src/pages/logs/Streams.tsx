// The streams of a log group, the one that was written to last first, a page of the server's list at a time.
import { DescribeLogStreamsCommand, type LogStream } from "@aws-sdk/client-cloudwatch-logs";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import Pagination from "@cloudscape-design/components/pagination";
import Table from "@cloudscape-design/components/table";
import { useState } from "react";
import { Go } from "../../app/go";
import { segment } from "../../app/routes";
import { logs } from "../../aws/logs";
import { useLoad } from "../../live/load";
import { dateTime } from "../../parts/format";

const PAGE = 25;

export function Streams({ group }: { group: string }) {
  const [tokens, setTokens] = useState<(string | undefined)[]>([undefined]);
  const token = tokens[tokens.length - 1];
  const read = () =>
    logs().send(new DescribeLogStreamsCommand({ logGroupName: group, orderBy: "LastEventTime", descending: true, limit: PAGE, nextToken: token }));
  const page = useLoad(read, [group, token], { every_ms: 5000, onFacts: true });
  return (
    <Table<LogStream>
      items={page.data?.logStreams ?? []}
      trackBy="logStreamName"
      loading={page.data === undefined && !page.error}
      loadingText="Reading"
      enableKeyboardNavigation
      ariaLabels={{ tableLabel: "Log streams" }}
      header={
        <Header variant="h2" actions={<Button iconName="refresh" ariaLabel="Refresh" onClick={() => void page.reload()} />}>
          Log streams
        </Header>
      }
      empty={<Box color="text-body-secondary">{page.error ?? "There are no log streams."}</Box>}
      pagination={
        <Pagination
          currentPageIndex={tokens.length}
          pagesCount={tokens.length + (page.data?.nextToken ? 1 : 0)}
          openEnd={page.data?.nextToken !== undefined}
          ariaLabels={{ nextPageLabel: "Next page", previousPageLabel: "Previous page", pageLabel: (n) => `Page ${n}` }}
          onChange={({ detail }) => {
            const to = detail.currentPageIndex;
            setTokens(to > tokens.length ? [...tokens, page.data?.nextToken] : tokens.slice(0, to));
          }}
        />
      }
      columnDefinitions={[
        {
          id: "name",
          header: "Log stream",
          isRowHeader: true,
          cell: ({ logStreamName = "" }) => (
            <Go to={`/logs/${segment(group)}?tab=lines&stream=${segment(logStreamName)}`}>{logStreamName}</Go>
          ),
        },
        { id: "last", header: "Last event time", cell: (one) => dateTime(one.lastEventTimestamp) },
        { id: "first", header: "First event time", cell: (one) => dateTime(one.firstEventTimestamp) },
      ]}
    />
  );
}
