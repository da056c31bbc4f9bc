// What can be set of a function, in panels.
import Grid from "@cloudscape-design/components/grid";
import SideNavigation from "@cloudscape-design/components/side-navigation";
import type { ComponentType } from "react";
import { useSearchParams } from "react-router-dom";
import type { TabProps } from "./FunctionState";
import { AsyncInvocation } from "./config/AsyncInvocation";
import { Destinations } from "./config/Destinations";
import { Environment } from "./config/Environment";
import { General } from "./config/General";
import { Permissions } from "./config/Permissions";
import { Triggers } from "./config/Triggers";

const PANELS: Record<string, [string, ComponentType<TabProps>]> = {
  general: ["General configuration", General],
  triggers: ["Triggers", Triggers],
  permissions: ["Permissions", Permissions],
  destinations: ["Destinations", Destinations],
  environment: ["Environment variables", Environment],
  async: ["Asynchronous invocation", AsyncInvocation],
};

export default function ConfigurationTab({ fn }: TabProps) {
  const [parameters, setParameters] = useSearchParams();
  const wanted = parameters.get("panel") ?? "general";
  const panel = wanted in PANELS ? wanted : "general";
  const [, Panel] = PANELS[panel]!;
  return (
    <Grid gridDefinition={[{ colspan: { default: 12, s: 4, m: 3 } }, { colspan: { default: 12, s: 8, m: 9 } }]}>
      <SideNavigation
        activeHref={`#${panel}`}
        onFollow={(event) => {
          event.preventDefault();
          setParameters({ tab: "configuration", panel: event.detail.href.slice(1) });
        }}
        items={Object.entries(PANELS).map(([id, [text]]) => ({ type: "link", text, href: `#${id}` }))}
      />
      <Panel fn={fn} />
    </Grid>
  );
}
