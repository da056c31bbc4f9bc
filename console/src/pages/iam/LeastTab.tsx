// What a role did, and the smallest policy that lets it.
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { arnParts } from "../../aws/client";
import { useLoad } from "../../live/load";
import { leastOf, type Use } from "../../live/permissions";
import { Code } from "../../parts/Code";
import { dateTime } from "../../parts/format";
import { ResourceTable } from "../../parts/ResourceTable";

export function LeastTab({ role, arn }: { role: string; arn: string }) {
  const least = useLoad(() => leastOf(role, arnParts(arn).account), [role, arn], { every_ms: 10_000 });
  const unused = least.data?.held.filter(({ unused_actions }) => unused_actions.length > 0) ?? [];
  const isNeeded = (least.data?.policy.Statement.length ?? 0) > 0;
  return (
    <SpaceBetween size="l">
      {least.error && <Alert type="error">{least.error}</Alert>}
      <ResourceTable<Use>
        title="What it did"
        description="What needed a policy of the role: by its functions' code, and by Lambda with it."
        items={least.data?.uses}
        id={(one) => `${one.action} ${one.resource}`}
        text={(one) => `${one.action} ${one.resource}`}
        searchLabel="Search actions and resources"
        empty="It has done nothing yet."
        actions={<Button iconName="refresh" ariaLabel="Refresh" onClick={() => void least.reload()} />}
        columns={[
          { id: "action", header: "Action", isRowHeader: true, cell: (one) => one.action, sortingField: "action" },
          { id: "resource", header: "Resource", cell: (one) => one.resource, sortingField: "resource" },
          { id: "count", header: "Times", cell: (one) => one.count.toLocaleString("en"), sortingField: "count" },
          { id: "last", header: "Last", cell: (one) => dateTime(one.last_ms), sortingField: "last_ms" },
        ]}
      />
      {isNeeded && (
        <Container header={<Header variant="h2" description="It allows what the role did, and nothing else.">The least that it needs</Header>}>
          <Code text={JSON.stringify(least.data?.policy)} label="Copy the policy" />
        </Container>
      )}
      {unused.length > 0 && (
        <Container header={<Header variant="h2">Allowed, but never used</Header>}>
          <ul>
            {unused.map((one, i) => (
              <li key={i}>
                {one.unused_actions.join(", ")} <Box variant="small">in {one.policy}</Box>
              </li>
            ))}
          </ul>
        </Container>
      )}
    </SpaceBetween>
  );
}
