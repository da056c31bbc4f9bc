// May this role do that, and why: the answer that the server would give, with the statement that decides or is missing.
import { PutRolePolicyCommand } from "@aws-sdk/client-iam";
import Alert from "@cloudscape-design/components/alert";
import AttributeEditor from "@cloudscape-design/components/attribute-editor";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import Container from "@cloudscape-design/components/container";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { useFlash } from "../../app/flash";
import { settings } from "../../app/settings";
import { iam, policyJson } from "../../aws/iam";
import { letters } from "../../aws/ids";
import { explain } from "../../aws/problem";
import { mayIt, type Decision } from "../../live/permissions";
import { Code } from "../../parts/Code";

interface Given {
  key: string;
  value: string;
}

export function MayIt({ role, arn }: { role: string; arn: string }) {
  const [action, setAction] = useState("sqs:SendMessage");
  const [resource, setResource] = useState("");
  const [given, setGiven] = useState<Given[]>([]);
  const [told, setTold] = useState<Decision>();
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const flash = useFlash();

  const ask = async () => {
    setBusy(true);
    try {
      const context = Object.fromEntries(given.filter(({ key }) => key).map(({ key, value }) => [key, value]));
      const { decision } = await mayIt({ principal: arn, action, resource: resource || "*", context, region: settings().region });
      setTold(decision);
      setProblem("");
    } catch (error) {
      setProblem(explain(error));
    }
    setBusy(false);
  };
  const add = async (statement: string) => {
    try {
      const document = policyJson([JSON.parse(statement) as object]);
      await iam().send(new PutRolePolicyCommand({ RoleName: role, PolicyName: `added-${letters(8)}`, PolicyDocument: document }));
      flash.success(`The statement was added to ${role} as an inline policy.`);
      await ask();
    } catch (error) {
      flash.failure(error, "The statement was not added");
    }
  };
  return (
    <Container
      header={
        <Header
          variant="h2"
          description="Answered from the policies as they are now; nothing is done."
          actions={
            <Button variant="primary" loading={busy} disabled={!action} onClick={() => void ask()}>
              Ask
            </Button>
          }
        >
          May it do X on Y?
        </Header>
      }
    >
      <SpaceBetween size="m">
        <ColumnLayout columns={2}>
          <FormField label="Action">
            <Input value={action} spellcheck={false} placeholder="sqs:SendMessage" onChange={({ detail }) => setAction(detail.value)} />
          </FormField>
          <FormField label="Resource">
            <Input value={resource} spellcheck={false} placeholder="arn:aws:sqs:us-east-1:000000000000:S3-success" onChange={({ detail }) => setResource(detail.value)} />
          </FormField>
        </ColumnLayout>
        <ExpandableSection headerText="Condition keys">
          <AttributeEditor<Given>
            items={given}
            addButtonText="Add condition key"
            removeButtonText="Remove"
            empty="The request has the keys that every request has."
            onAddButtonClick={() => setGiven([...given, { key: "", value: "" }])}
            onRemoveButtonClick={({ detail }) => setGiven(given.filter((_, i) => i !== detail.itemIndex))}
            definition={(["key", "value"] as const).map((field) => ({
              label: field === "key" ? "Key" : "Value",
              control: (item, i) => (
                <Input
                  value={item[field]}
                  placeholder={field === "key" ? "aws:SourceIp" : "10.0.0.1"}
                  onChange={({ detail }) => setGiven(given.map((one, n) => (n === i ? { ...one, [field]: detail.value } : one)))}
                />
              ),
            }))}
          />
        </ExpandableSection>
        {problem && <Alert type="error">{problem}</Alert>}
        {told && <Answer told={told} onAdd={add} />}
      </SpaceBetween>
    </Container>
  );
}

function Answer({ told, onAdd }: { told: Decision; onAdd: (statement: string) => Promise<void> }) {
  const refused = !told.allowed || told.audited;
  const canAdd = refused && told.missing !== "" && told.kind === "identity-based policy";
  return (
    <SpaceBetween size="s">
      <Alert
        type={refused ? "error" : "success"}
        header={refused ? "No" : "Yes"}
        action={canAdd && <Button onClick={() => void onAdd(told.missing)}>Add permission</Button>}
      >
        {refused ? told.message : `${told.action} on ${told.resource} is allowed by ${told.policy || "what it is"}.`}
        {told.audited && " The server only audits: it is allowed all the same."}
      </Alert>
      {told.missing && (
        <div>
          <Box variant="h3">The statement that would allow it{told.missing_in && `, in ${told.missing_in}`}</Box>
          <Code text={told.missing} label="Copy the missing statement" />
        </div>
      )}
      {told.statement && (
        <div>
          <Box variant="h3">
            The statement that decided, in {told.policy || told.kind}
          </Box>
          <Code text={told.statement} label="Copy the statement" />
        </div>
      )}
      <ExpandableSection headerText="Policies that were read, and what the request had">
        <SpaceBetween size="s">
          <ul>
            {told.policies.map((one) => (
              <li key={one}>{one}</li>
            ))}
          </ul>
          {told.policies.length === 0 && <Box color="text-body-secondary">There was no policy to read.</Box>}
          <Code text={JSON.stringify(told.context)} label="Copy the context" />
          {told.absent.length > 0 && <Box>Asked for by a condition, but not in the request: {told.absent.join(", ")}</Box>}
        </SpaceBetween>
      </ExpandableSection>
    </SpaceBetween>
  );
}
