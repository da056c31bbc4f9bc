// What the server is.
import Alert from "@cloudscape-design/components/alert";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { Health } from "../../live/server";
import { Copy } from "../../parts/Copy";
import { Values } from "../../parts/Value";

const MODES: Record<string, string> = { enforce: "Enforced", audit: "Only audited", off: "Off" };

export function ServerPanel({ health }: { health: Health }) {
  const { environments } = health;
  return (
    <Container header={<Header variant="h2">Server</Header>}>
      <SpaceBetween size="m">
        <Values
          items={[
            ["Endpoint", <Copy key="endpoint" text={window.location.origin} label="endpoint" />],
            ["Version", health.version],
            ["Data", health.data],
            ["Permissions", MODES[health.iam] ?? health.iam],
            ["Execution environments", `${environments.kind}, ${environments.max} at most`],
            ["Functions running", String(Object.values(health.running).reduce((sum, one) => sum + one, 0))],
            ["Services", Object.keys(health.services).join(", ")],
            ["Description of the private API", <Link key="api" href="/_outfall/api/openapi.json">openapi.json</Link>],
          ]}
        />
        {Object.entries(environments.notices).map(([name, text]) => (
          <Alert key={name} type="warning">
            {text}
          </Alert>
        ))}
      </SpaceBetween>
    </Container>
  );
}
