// What a function has done: AWS's metrics as charts, and the last lines of its log.
import { CloudWatchClient, GetMetricDataCommand, type MetricDataQuery } from "@aws-sdk/client-cloudwatch";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Grid from "@cloudscape-design/components/grid";
import Header from "@cloudscape-design/components/header";
import LineChart from "@cloudscape-design/components/line-chart";
import SegmentedControl from "@cloudscape-design/components/segmented-control";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { useState } from "react";
import { Go } from "../../app/go";
import { segment } from "../../app/routes";
import { client } from "../../aws/client";
import { lastLines, type LogLine } from "../../aws/logs";
import { isCalled } from "../../aws/problem";
import { serverNow } from "../../live/clock";
import { useLoad } from "../../live/load";
import { clockTime, dateTime } from "../../parts/format";
import { Buttons, ReadFailed } from "../../parts/Page";
import type { TabProps } from "./FunctionState";

interface Chart {
  title: string;
  unit: string;
  series: { metric: string; statistic: string; label: string }[];
}

const sum = (metric: string, label = metric) => ({ metric, statistic: "Sum", label });

const CHARTS: Chart[] = [
  { title: "Invocations", unit: "Count", series: [sum("Invocations")] },
  {
    title: "Duration",
    unit: "Milliseconds",
    series: ["Minimum", "Average", "Maximum"].map((statistic) => ({ metric: "Duration", statistic, label: statistic })),
  },
  { title: "Errors and throttles", unit: "Count", series: [sum("Errors"), sum("Throttles")] },
  {
    title: "Asynchronous events",
    unit: "Count",
    series: [sum("AsyncEventsReceived", "Received"), sum("AsyncEventsDropped", "Dropped")],
  },
  { title: "Async delivery failures", unit: "Count", series: [sum("DestinationDeliveryFailures"), sum("DeadLetterErrors")] },
  { title: "Async event age", unit: "Milliseconds", series: [{ metric: "AsyncEventAge", statistic: "Maximum", label: "Maximum" }] },
];

const LINES = 100;
const SPANS: Record<string, [string, number, number]> = {
  hour: ["1h", 3_600_000, 60],
  half: ["3h", 3 * 3_600_000, 300],
  day: ["1d", 24 * 3_600_000, 900],
};

export default function MonitorTab({ fn }: TabProps) {
  const [span, setSpan] = useState("hour");
  const [, length_ms, period_s] = SPANS[span]!;
  const metrics = useLoad(() => readMetrics(fn.name, length_ms, period_s), [fn.name, span], { every_ms: 10_000, onFacts: true });
  const log = useLoad(() => readLog(fn.name), [fn.name], { every_ms: 5000, onFacts: true });
  return (
    <SpaceBetween size="l">
      {metrics.error && <ReadFailed read={metrics} />}
      <Container
        header={
          <Header
            variant="h2"
            actions={
              <Buttons>
                <SegmentedControl
                  selectedId={span}
                  label="Time range"
                  options={Object.entries(SPANS).map(([id, [text]]) => ({ id, text }))}
                  onChange={({ detail }) => setSpan(detail.selectedId)}
                />
                <Button iconName="refresh" ariaLabel="Refresh" onClick={() => void metrics.reload()} />
              </Buttons>
            }
          >
            CloudWatch metrics
          </Header>
        }
      >
        <Grid gridDefinition={CHARTS.map(() => ({ colspan: { default: 12, s: 6, l: 4 } }))}>
          {CHARTS.map((chart) => (
            <ChartOf key={chart.title} chart={chart} points={metrics.data} length_ms={length_ms} />
          ))}
        </Grid>
      </Container>
      <Table<LogLine>
        items={log.data ?? []}
        loading={log.data === undefined && !log.error}
        loadingText="Reading"
        wrapLines
        trackBy="id"
        ariaLabels={{ tableLabel: "Log" }}
        header={
          <Header
            variant="h2"
            description={`The last lines of /aws/lambda/${fn.name}, the newest first.`}
            actions={<Go to={`/logs/${segment(`/aws/lambda/${fn.name}`)}`}>View CloudWatch logs</Go>}
          >
            Log
          </Header>
        }
        empty={<Box color="text-body-secondary">{log.error ?? "The function has written nothing yet."}</Box>}
        columnDefinitions={[
          { id: "time", header: "Time", width: 190, cell: (one) => dateTime(one.at_ms) },
          { id: "message", header: "Message", cell: (one) => <Box variant="code">{one.text}</Box> },
        ]}
      />
    </SpaceBetween>
  );
}

type Points = Map<string, { x: Date; y: number }[]>;

const id = (chart: number, series: number): string => `m${chart}_${series}`;

async function readMetrics(name: string, length_ms: number, period_s: number): Promise<Points> {
  const queries = CHARTS.flatMap(({ series }, chart) =>
    series.map(
      ({ metric, statistic }, i): MetricDataQuery => ({
        Id: id(chart, i),
        MetricStat: {
          Metric: { Namespace: "AWS/Lambda", MetricName: metric, Dimensions: [{ Name: "FunctionName", Value: name }] },
          Period: period_s,
          Stat: statistic,
        },
      }),
    ),
  );
  const now = serverNow();
  const got = await client(CloudWatchClient).send(
    new GetMetricDataCommand({
      MetricDataQueries: queries,
      StartTime: new Date(now - length_ms),
      EndTime: new Date(now + 60_000),
      ScanBy: "TimestampAscending",
    }),
  );
  const statistics = new Map(queries.map((query) => [query.Id, query.MetricStat?.Stat]));
  return new Map(
    (got.MetricDataResults ?? []).map((one) => {
      const found = (one.Timestamps ?? []).map((x, i) => ({ x, y: one.Values?.[i] ?? 0 }));
      const line = statistics.get(one.Id) === "Sum" ? filled(found, now - length_ms, now, period_s * 1000) : steps(found, period_s * 1000);
      return [one.Id ?? "", line];
    }),
  );
}

type Point = { x: Date; y: number };

/** Counts: where none was measured there were none. */
function filled(points: Point[], from_ms: number, to_ms: number, period_ms: number): Point[] {
  if (!points.length) return [];
  const known = new Map(points.map(({ x, y }) => [x.getTime(), y]));
  const line: Point[] = [];
  for (let at = Math.ceil(from_ms / period_ms) * period_ms; at <= to_ms; at += period_ms) line.push({ x: new Date(at), y: known.get(at) ?? 0 });
  return line;
}

/** Measures: each is good for its period, so that a single one is seen. */
function steps(points: Point[], period_ms: number): Point[] {
  return points.flatMap(({ x, y }, i) => {
    const end = x.getTime() + period_ms;
    const next = points[i + 1];
    return next && next.x.getTime() <= end ? [{ x, y }] : [{ x, y }, { x: new Date(end), y }];
  });
}

function ChartOf({ chart, points, length_ms }: { chart: Chart; points: Points | undefined; length_ms: number }) {
  const number = CHARTS.indexOf(chart);
  const series = chart.series.map(({ label }, i) => ({
    title: label,
    type: "line" as const,
    data: points?.get(id(number, i)) ?? [],
    valueFormatter: (value: number) => value.toLocaleString("en", { maximumFractionDigits: 1 }),
  }));
  const highest = Math.max(1, ...series.flatMap(({ data }) => data.map(({ y }) => y)));
  const now = serverNow();
  return (
    <div>
      <Box variant="h3">{chart.title}</Box>
      <LineChart
        series={series}
        height={160}
        hideFilter
        xScaleType="time"
        xDomain={[new Date(now - length_ms), new Date(now + 60_000)]}
        yDomain={[0, highest * 1.1]}
        yTitle={chart.unit}
        ariaLabel={chart.title}
        statusType={points ? "finished" : "loading"}
        loadingText="Reading"
        i18nStrings={{ xTickFormatter: (at) => clockTime(at).slice(0, 5) }}
        empty={<Box color="text-body-secondary">No data in this time</Box>}
      />
    </div>
  );
}

async function readLog(name: string): Promise<LogLine[]> {
  try {
    return await lastLines(`/aws/lambda/${name}`, LINES);
  } catch (error) {
    if (isCalled(error, "ResourceNotFoundException")) return [];
    throw error;
  }
}
