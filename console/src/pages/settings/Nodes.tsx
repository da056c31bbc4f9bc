// The servers that share one database.
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import type { NodeFacts } from "../../live/server";
import { dateTime, duration } from "../../parts/format";
import { ResourceTable } from "../../parts/ResourceTable";

const LATE_MS = 5_000;

export function Nodes({ nodes }: { nodes: NodeFacts[] }) {
  return (
    <ResourceTable<NodeFacts>
      title="Nodes"
      description="Servers that share one database."
      items={nodes}
      id={(one) => one.id}
      empty="There is no node."
      columns={[
        { id: "id", header: "Node", isRowHeader: true, cell: (one) => `${one.id}${one.this ? " (this one)" : ""}` },
        { id: "endpoint", header: "Endpoint", cell: (one) => one.endpoint },
        { id: "version", header: "Version", cell: (one) => one.version },
        { id: "started", header: "Started", cell: (one) => dateTime(one.started_ms) },
        {
          id: "seen",
          header: "Seen",
          cell: (one) => <StatusIndicator type={one.seen_ms_ago < LATE_MS ? "success" : "warning"}>{duration(one.seen_ms_ago)} ago</StatusIndicator>,
        },
        { id: "running", header: "Functions running", cell: (one) => one.running },
      ]}
    />
  );
}
