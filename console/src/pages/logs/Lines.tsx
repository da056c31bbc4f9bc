// The lines of a stream or of a whole group, found by pattern, and those that come while they are followed. So many are
// kept, the newest; what is out of sight is not drawn.
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import SegmentedControl from "@cloudscape-design/components/segmented-control";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import Toggle from "@cloudscape-design/components/toggle";
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { Go } from "../../app/go";
import { segment } from "../../app/routes";
import { readLines, type LogLine } from "../../aws/logs";
import { explain } from "../../aws/problem";
import { serverNow } from "../../live/clock";
import { useEvery } from "../../live/load";
import { preciseTime } from "../../parts/format";

const KEPT_MAX = 5_000;
const FOLLOW_MS = 1_000;
/** A line may come a little later than one that is younger. */
const LATE_MS = 10_000;
const SPANS: Record<string, [string, number]> = {
  minutes: ["10m", 600_000],
  hour: ["1h", 3_600_000],
  day: ["1d", 24 * 3_600_000],
  all: ["All", 0],
};

export function Lines({ group, stream }: { group: string; stream: string }) {
  const [span, setSpan] = useState(stream ? "all" : "hour");
  const [typed, setTyped] = useState("");
  const [pattern, setPattern] = useState("");
  const [following, setFollowing] = useState(true);
  const [lines, setLines] = useState<LogLine[]>();
  const [more, setMore] = useState(false);
  const [error, setError] = useState("");
  const turn = useRef(0);
  const busy = useRef(false);
  const end = useRef<HTMLDivElement>(null);

  const read = async (fromStart: boolean) => {
    if (busy.current && !fromStart) return;
    const mine = fromStart ? ++turn.current : turn.current;
    busy.current = true;
    const length_ms = SPANS[span]![1];
    const newest = lines?.at(-1)?.at_ms;
    const since_ms = fromStart || newest === undefined ? (length_ms ? serverNow() - length_ms : 0) : Math.max(0, newest - LATE_MS);
    try {
      const got = await readLines({ group, stream, pattern, since_ms });
      if (mine !== turn.current) return;
      setError("");
      setMore(fromStart ? got.more : more);
      setLines((before = []) => merged(fromStart ? [] : before, got.lines));
    } catch (problem) {
      if (mine === turn.current) setError(explain(problem));
    } finally {
      if (mine === turn.current) busy.current = false;
    }
  };
  useEffect(() => {
    setLines(undefined);
    void read(true);
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [group, stream, span, pattern]);
  useEvery(() => void read(false), following ? FOLLOW_MS : undefined);
  useLayoutEffect(() => {
    const box = end.current;
    if (following && box) box.scrollTop = box.scrollHeight;
  }, [lines, following]);

  return (
    <Container
      header={
        <Header
          variant="h2"
          counter={lines && `(${lines.length.toLocaleString("en")}${more ? "+" : ""})`}
          description={
            stream ? (
              <>
                The stream {stream}. <Go to={`/logs/${segment(group)}?tab=lines`}>All streams of the group</Go>
              </>
            ) : (
              "All streams of the group."
            )
          }
          actions={
            <SpaceBetween direction="horizontal" size="s" alignItems="center">
              <Toggle checked={following} onChange={({ detail }) => setFollowing(detail.checked)}>
                Follow
              </Toggle>
              <SegmentedControl
                selectedId={span}
                label="Time range"
                options={Object.entries(SPANS).map(([id, [text]]) => ({ id, text }))}
                onChange={({ detail }) => setSpan(detail.selectedId)}
              />
              <Button iconName="refresh" ariaLabel="Refresh" onClick={() => void read(true)} />
            </SpaceBetween>
          }
        >
          Log events
        </Header>
      }
    >
      <SpaceBetween size="s">
        <Input
          type="search"
          value={typed}
          spellcheck={false}
          ariaLabel="Filter pattern"
          placeholder="Filter events by a pattern, as ERROR or { $.level = &quot;warn&quot; }; press Enter"
          onChange={({ detail }) => {
            setTyped(detail.value);
            if (!detail.value) setPattern("");
          }}
          onKeyDown={({ detail }) => {
            if (detail.key === "Enter") setPattern(typed);
          }}
        />
        {error && <Alert type="error">{error}</Alert>}
        {more && <Alert type="info">There are more lines than are read at once. A shorter time or a pattern shows the newest.</Alert>}
        {!lines && !error && <Spinner />}
        {lines?.length === 0 && <Box color="text-body-secondary">No line in this time{pattern ? " fits the pattern" : ""}.</Box>}
        {lines !== undefined && lines.length > 0 && (
          <div className="log" ref={end} role="log" aria-label="Log events" aria-live="off" tabIndex={0}>
            {lines.map((line) => (
              <div key={line.id} className={`log-line${/^\[?ERROR|Traceback|"level":\s*"ERROR"/.test(line.text) ? " log-bad" : ""}`}>
                <time title={line.stream}>{preciseTime(line.at_ms)}</time>
                <span>{line.text}</span>
              </div>
            ))}
          </div>
        )}
      </SpaceBetween>
    </Container>
  );
}

function merged(before: LogLine[], fresh: LogLine[]): LogLine[] {
  const known = new Set(before.slice(-2000).map(({ id }) => id));
  const added = fresh.filter(({ id }) => !known.has(id));
  if (!added.length) return before;
  const all = [...before, ...added];
  if (before.length) all.sort((a, b) => a.at_ms - b.at_ms || a.id.localeCompare(b.id));
  return all.slice(-KEPT_MAX);
}
