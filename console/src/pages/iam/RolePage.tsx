// One role: what it may do, and who may take it on.
import { GetRoleCommand } from "@aws-sdk/client-iam";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import Tabs from "@cloudscape-design/components/tabs";
import { useSearchParams } from "react-router-dom";
import { useParam } from "../../app/params";
import { iam } from "../../aws/iam";
import { useLoad } from "../../live/load";
import { Code } from "../../parts/Code";
import { Copy } from "../../parts/Copy";
import { dateTime } from "../../parts/format";
import { Page } from "../../parts/Page";
import { Values } from "../../parts/Value";
import { LeastTab } from "./LeastTab";
import { MayIt } from "./MayIt";
import { RolePolicies } from "./RolePolicies";

export default function RolePage() {
  const name = useParam("name");
  const [parameters, setParameters] = useSearchParams();
  const role = useLoad(async () => (await iam().send(new GetRoleCommand({ RoleName: name }))).Role, [name]);
  const found = role.data;
  return (
    <Page title={name} description={found?.Description} reads={[role]}>
      <Container header={<Header variant="h2">Summary</Header>}>
        <Values
          columns={2}
          items={[
            ["Creation date", dateTime(found?.CreateDate)],
            ["ARN", found?.Arn && <Copy text={found.Arn} label="ARN" />],
            ["Maximum session duration", found?.MaxSessionDuration && `${found.MaxSessionDuration / 3600} hour`],
          ]}
        />
      </Container>
      <Tabs
        ariaLabel="Role"
        activeTabId={parameters.get("tab") ?? "permissions"}
        onChange={({ detail }) => setParameters({ tab: detail.activeTabId })}
        tabs={[
          { id: "permissions", label: "Permissions", content: <RolePolicies role={name} /> },
          {
            id: "trust",
            label: "Trust relationships",
            content: found?.AssumeRolePolicyDocument && (
              <Container header={<Header variant="h2">Trusted entities</Header>}>
                <Code text={decodeURIComponent(found.AssumeRolePolicyDocument)} label="Copy the trust policy" />
              </Container>
            ),
          },
          { id: "may", label: "May it?", content: found?.Arn && <MayIt role={name} arn={found.Arn} /> },
          {
            id: "least",
            label: "Last used",
            contentRenderStrategy: "active",
            content: found?.Arn && <LeastTab role={name} arn={found.Arn} />,
          },
        ]}
      />
    </Page>
  );
}
