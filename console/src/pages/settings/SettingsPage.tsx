// The server and this browser: the clock, what the server is, its nodes, whose keys are used, the look, starting anew.
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { readHealth } from "../../live/server";
import { useLoad } from "../../live/load";
import { ReadFailed } from "../../parts/Page";
import { Appearance } from "./Appearance";
import { ClockPanel } from "./ClockPanel";
import { Keys } from "./Keys";
import { Nodes } from "./Nodes";
import { ResetPanel } from "./ResetPanel";
import { ServerPanel } from "./ServerPanel";

export default function SettingsPage() {
  const health = useLoad(readHealth, [], { every_ms: 3000 });
  return (
    <SpaceBetween size="l">
      <Header variant="h1">Settings</Header>
      {health.error && <ReadFailed read={health} />}
      <ClockPanel />
      {health.data && <ServerPanel health={health.data} />}
      {health.data?.nodes && <Nodes nodes={health.data.nodes} />}
      <Keys />
      <Appearance />
      <ResetPanel />
    </SpaceBetween>
  );
}
