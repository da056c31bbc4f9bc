// EventBridge: rules and schedules, buses, archives and replays, sending an event.
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Tabs from "@cloudscape-design/components/tabs";
import { useSearchParams } from "react-router-dom";
import { listBuses } from "../../aws/eventbridge";
import { useLoad } from "../../live/load";
import { ReadFailed } from "../../parts/Page";
import { Archives } from "./Archives";
import { Buses } from "./Buses";
import { Rules } from "./Rules";
import { SendEvents } from "./SendEvents";

export default function EventBridge() {
  const [parameters, setParameters] = useSearchParams();
  const buses = useLoad(listBuses, [], { every_ms: 5000 });
  const bus = parameters.get("bus") ?? "default";
  const chooseBus = (name: string) => setParameters({ tab: parameters.get("tab") ?? "rules", bus: name });
  const shared = { buses: buses.data ?? [], bus, chooseBus };
  return (
    <SpaceBetween size="m">
      <Header variant="h1">Amazon EventBridge</Header>
      {buses.error && <ReadFailed read={buses} />}
      <Tabs
        ariaLabel="EventBridge"
        activeTabId={parameters.get("tab") ?? "rules"}
        onChange={({ detail }) => setParameters({ tab: detail.activeTabId, bus })}
        tabs={[
          { id: "rules", label: "Rules", contentRenderStrategy: "active", content: <Rules key="pattern" kind="pattern" {...shared} /> },
          { id: "schedules", label: "Schedules", contentRenderStrategy: "active", content: <Rules key="schedule" kind="schedule" {...shared} bus="default" /> },
          { id: "buses", label: "Event buses", contentRenderStrategy: "active", content: <Buses read={buses} /> },
          { id: "archives", label: "Archives and replays", contentRenderStrategy: "active", content: <Archives buses={shared.buses} /> },
          { id: "send", label: "Send events", contentRenderStrategy: "active", content: <SendEvents {...shared} /> },
        ]}
      />
    </SpaceBetween>
  );
}
