// The policies of a role, attached and inline, each with its document.
import {
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  GetRolePolicyCommand,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
} from "@aws-sdk/client-iam";
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { useFlash } from "../../app/flash";
import { iam, policyDocument } from "../../aws/iam";
import { useLoad } from "../../live/load";
import { Code } from "../../parts/Code";
import { Confirm } from "../../parts/Confirm";

interface RolePolicy {
  name: string;
  arn?: string;
  document: string;
}

export function RolePolicies({ role }: { role: string }) {
  const policies = useLoad(() => readPolicies(role), [role], { every_ms: 10_000 });
  const [removing, setRemoving] = useState<RolePolicy>();
  const flash = useFlash();
  const remove = async () => {
    if (!removing) return;
    const { name, arn } = removing;
    await (arn
      ? iam().send(new DetachRolePolicyCommand({ RoleName: role, PolicyArn: arn }))
      : iam().send(new DeleteRolePolicyCommand({ RoleName: role, PolicyName: name })));
    flash.success(`The policy ${name} was removed from ${role}.`);
    await policies.reload();
  };
  return (
    <Container
      header={
        <Header variant="h2" counter={policies.data && `(${policies.data.length})`} description="What the role may do.">
          Permissions policies
        </Header>
      }
    >
      <SpaceBetween size="s">
        {policies.error && <Alert type="error">{policies.error}</Alert>}
        {policies.data?.length === 0 && <Box color="text-body-secondary">This role may do nothing.</Box>}
        {policies.data?.map((policy) => (
          <ExpandableSection
            key={policy.arn ?? policy.name}
            headerText={policy.name}
            headerDescription={describe(policy)}
            headerActions={
              <Button variant="inline-link" ariaLabel={`Remove ${policy.name}`} onClick={() => setRemoving(policy)}>
                Remove
              </Button>
            }
            variant="default"
          >
            <Code text={policy.document} label={`Copy ${policy.name}`} />
          </ExpandableSection>
        ))}
      </SpaceBetween>
      {removing && (
        <Confirm title={`Remove ${removing.name}`} action="Remove" onConfirm={remove} onClose={() => setRemoving(undefined)}>
          {role} will not be allowed any more what this policy allows. {removing.arn ? "The policy itself stays." : "The policy is inline: it will be gone."}
        </Confirm>
      )}
    </Container>
  );
}

async function readPolicies(role: string): Promise<RolePolicy[]> {
  const [attached, inline] = await Promise.all([
    iam().send(new ListAttachedRolePoliciesCommand({ RoleName: role, MaxItems: 1000 })),
    iam().send(new ListRolePoliciesCommand({ RoleName: role, MaxItems: 1000 })),
  ]);
  const managed = (attached.AttachedPolicies ?? []).map(async ({ PolicyName: name = "", PolicyArn: arn = "" }) => ({
    name,
    arn,
    document: await policyDocument(arn),
  }));
  const own = (inline.PolicyNames ?? []).map(async (name) => {
    const got = await iam().send(new GetRolePolicyCommand({ RoleName: role, PolicyName: name }));
    return { name, document: decodeURIComponent(got.PolicyDocument ?? "") };
  });
  return Promise.all([...managed, ...own]);
}

function describe({ arn, document }: RolePolicy): string {
  const kind = arn === undefined ? "Customer inline" : arn.startsWith("arn:aws:iam::aws:") ? "AWS managed" : "Customer managed";
  return `${kind}. ${allows(document)}`;
}

/** What a policy allows, in a line. */
function allows(document: string): string {
  try {
    const { Statement } = JSON.parse(document) as { Statement: { Effect: string; Action?: string | string[]; Resource?: string | string[] }[] };
    return [Statement]
      .flat()
      .map(({ Effect, Action, Resource }) => `${Effect === "Allow" ? "Allows" : "Denies"} ${[Action].flat().join(", ")} on ${[Resource].flat().join(", ")}`)
      .join("; ");
  } catch {
    return "";
  }
}
