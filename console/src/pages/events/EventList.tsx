// Every asynchronous event that the server has accepted, the newest first, as it goes on.
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import Header from "@cloudscape-design/components/header";
import Pagination from "@cloudscape-design/components/pagination";
import PropertyFilter, { type PropertyFilterProps } from "@cloudscape-design/components/property-filter";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { useState } from "react";
import { useSearchParams } from "react-router-dom";
import { useFlash } from "../../app/flash";
import { Go } from "../../app/go";
import { segment } from "../../app/routes";
import { useServerNow } from "../../live/clock";
import { listEvents, skipAllWaits, skipWait, type EventQuery, type EventRow } from "../../live/events";
import { useLoad } from "../../live/load";
import { count, preciseTime } from "../../parts/format";
import { Buttons, ReadFailed } from "../../parts/Page";
import { Status } from "../../parts/Status";
import { EventPanel } from "./EventPanel";
import { SendAgain } from "./SendAgain";
import { nameOf, status, waits } from "./story";
import { Waterfall } from "./Waterfall";

const PAGE = 50;
const STATES = ["queued", "running", "waiting", "succeeded", "failed"];
const KEYS = ["state", "function", "key", "sender", "trace", "text"] as const;

const PROPERTIES: PropertyFilterProps.FilteringProperty[] = [
  ["state", "Status", "Statuses"],
  ["function", "Function", "Functions"],
  ["key", "Object key", "Object keys"],
  ["sender", "Sender", "Senders"],
  ["trace", "Trace", "Traces"],
].map(([key = "", propertyLabel = "", groupValuesLabel = ""]) => ({ key, propertyLabel, groupValuesLabel, operators: ["="] }));

export default function EventList() {
  const [parameters, setParameters] = useSearchParams();
  const [cursors, setCursors] = useState<string[]>([""]);
  const [chosen, setChosen] = useState<EventRow[]>([]);
  const [again, setAgain] = useState<EventRow>();
  const flash = useFlash();
  const now = useServerNow();
  const query: EventQuery = Object.fromEntries(KEYS.flatMap((key) => (parameters.get(key) ? [[key, parameters.get(key)]] : [])));
  const asked = JSON.stringify(query);
  const cursor = cursors[cursors.length - 1] ?? "";
  const page = useLoad(() => listEvents({ ...query, cursor, limit: PAGE, history: 1 }), [asked, cursor], { onFacts: true });
  const rows = page.data?.events ?? [];
  const selected = rows.find(({ id }) => id === chosen[0]?.id);

  const tokens = Object.entries(query).map(([key, value]) => (key === "text" ? { value, operator: ":" } : { propertyKey: key, value, operator: "=" }));
  const filter = (next: PropertyFilterProps.Query) => {
    const wanted: Record<string, string> = {};
    for (const { propertyKey = "text", value } of next.tokens) wanted[propertyKey] = String(value);
    setParameters(wanted);
    setCursors([""]);
  };
  const skip = async (event?: EventRow) => {
    try {
      const { skipped } = event ? await skipWait(event.id) : await skipAllWaits();
      flash.success(skipped ? `Skipped the wait of ${count(skipped, "event")}.` : "No event is waiting.");
      await page.reload();
    } catch (error) {
      flash.failure(error, "The wait was not skipped");
    }
  };

  return (
    <SpaceBetween size="l">
      <Header
        variant="h1"
        description="Every asynchronous event this server has accepted, newest first."
        actions={
          <Buttons>
            <Button onClick={() => void skip()}>Skip all waits</Button>
            <ButtonDropdown
              items={[
                { id: "json", text: "This page as JSON" },
                { id: "ids", text: "The IDs of this page" },
              ]}
              onItemClick={({ detail }) => exportRows(rows, detail.id)}
            >
              Export
            </ButtonDropdown>
          </Buttons>
        }
      >
        Events
      </Header>
      {page.error && <ReadFailed read={page} />}
      <Table<EventRow>
        items={rows}
        trackBy="id"
        loading={page.data === undefined && !page.error}
        loadingText="Reading"
        selectionType="single"
        selectedItems={selected ? [selected] : []}
        onSelectionChange={({ detail }) => setChosen(detail.selectedItems)}
        enableKeyboardNavigation
        wrapLines
        ariaLabels={{ tableLabel: "Events", selectionGroupLabel: "Selection", itemSelectionLabel: (_, one) => `Select ${nameOf(one)} ${one.id}` }}
        filter={
          <PropertyFilter
            query={{ tokens, operation: "and" }}
            hideOperations
            filteringProperties={PROPERTIES}
            filteringOptions={[
              ...STATES.map((value) => ({ propertyKey: "state", value })),
              ...[...new Set(rows.map((one) => one.function.split(":")[6] ?? ""))].filter(Boolean).map((value) => ({ propertyKey: "function", value })),
            ]}
            filteringPlaceholder="Find by function, status, object key or request ID"
            filteringAriaLabel="Find events"
            freeTextFiltering={{ operators: [":"], defaultOperator: ":" }}
            onChange={({ detail }) => filter(detail)}
          />
        }
        pagination={
          <Pagination
            currentPageIndex={cursors.length}
            pagesCount={cursors.length + (page.data?.cursor ? 1 : 0)}
            openEnd={Boolean(page.data?.cursor)}
            ariaLabels={{ nextPageLabel: "Next page", previousPageLabel: "Previous page", pageLabel: (n) => `Page ${n}` }}
            onChange={({ detail }) => {
              const to = detail.currentPageIndex;
              setCursors(to > cursors.length ? [...cursors, page.data?.cursor ?? ""] : cursors.slice(0, to));
            }}
          />
        }
        empty={
          <Box textAlign="center" color="text-body-secondary" padding={{ vertical: "l" }}>
            {tokens.length ? "No event is like this." : "No event yet. Upload an object into a bucket that invokes a function."}
          </Box>
        }
        columnDefinitions={[
          {
            id: "event",
            header: "Event",
            isRowHeader: true,
            minWidth: 170,
            cell: (one) => (
              <>
                <Go to={`/events/${segment(one.id)}`} variant="primary">
                  {nameOf(one)}
                </Go>
                <Box fontSize="body-s" color="text-body-secondary">
                  {preciseTime(one.accepted_ms)} · {one.id.slice(0, 4)}...{one.id.slice(-3)}
                </Box>
              </>
            ),
          },
          {
            id: "status",
            header: "Status",
            minWidth: 140,
            maxWidth: 210,
            cell: (one) => {
              const { type, text } = status(one, now);
              return <Status type={type} text={text} />;
            },
          },
          { id: "waterfall", header: "Attempts and waits", minWidth: 200, width: "40%", cell: (one) => <Waterfall facts={one.history ?? []} /> },
          {
            id: "actions",
            header: "Actions",
            minWidth: 140,
            cell: (one) =>
              waits(one, now) ? (
                <Button variant="inline-link" iconName="angle-right-double" ariaLabel={`Skip the wait of ${nameOf(one)}`} onClick={() => void skip(one)}>
                  Skip the wait
                </Button>
              ) : (
                <Button variant="inline-link" iconName="redo" ariaLabel={`Send ${nameOf(one)} again`} onClick={() => setAgain(one)}>
                  Send again
                </Button>
              ),
          },
        ]}
      />
      {selected && <EventPanel id={selected.id} />}
      {again && <SendAgain id={again.id} onClose={() => setAgain(undefined)} />}
    </SpaceBetween>
  );
}

function exportRows(rows: readonly EventRow[], how: string): void {
  const text = how === "json" ? JSON.stringify(rows, null, 2) : rows.map(({ id }) => id).join("\n") + "\n";
  const url = URL.createObjectURL(new Blob([text], { type: how === "json" ? "application/json" : "text/plain" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = how === "json" ? "events.json" : "events.txt";
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
