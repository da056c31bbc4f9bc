// What the function may do, and who may invoke it.
import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { Go } from "../../../app/go";
import { segment } from "../../../app/routes";
import { roleName } from "../../../aws/iam";
import { functionPolicy, type PolicyStatement } from "../../../aws/lambda";
import { useLoad } from "../../../live/load";
import { RolePolicies } from "../../iam/RolePolicies";
import { ResourceTable } from "../../../parts/ResourceTable";
import type { TabProps } from "../FunctionState";

export function Permissions({ fn }: TabProps) {
  const policy = useLoad(() => functionPolicy(fn.name), [fn.name]);
  const role = roleName(fn.configuration?.Role ?? "");
  return (
    <SpaceBetween size="l">
      <Container header={<Header variant="h2">Execution role</Header>}>
        <Box variant="awsui-key-label">Role name</Box>
        {role ? <Go to={`/iam/roles/${segment(role)}`}>{role}</Go> : "-"}
      </Container>
      {role && <RolePolicies role={role} />}
      <ResourceTable<PolicyStatement>
        title="Resource-based policy statements"
        description="Who may invoke this function, beside what IAM policies allow."
        items={policy.data}
        id={(one) => one.Sid ?? JSON.stringify(one)}
        empty={policy.error ?? "The function has no policy of its own."}
        columns={[
          { id: "sid", header: "Statement ID", isRowHeader: true, cell: (one) => one.Sid },
          { id: "principal", header: "Principal", cell: (one) => principal(one) },
          { id: "action", header: "Action", cell: (one) => String(one.Action) },
          { id: "condition", header: "Conditions", cell: (one) => (one.Condition ? JSON.stringify(one.Condition) : "None") },
        ]}
      />
    </SpaceBetween>
  );
}

function principal({ Principal }: PolicyStatement): string {
  return typeof Principal === "string" ? Principal : (Principal.Service ?? Principal.AWS ?? "-");
}
