// IAM, as the pages need it: roles and their policies, and the ones that AWS's console makes by itself.
import {
  AttachRolePolicyCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  IAMClient,
  ListPoliciesCommand,
  SimulatePrincipalPolicyCommand,
  type Policy,
} from "@aws-sdk/client-iam";
import { arnParts, client } from "./client";
import { letters, uuid } from "./ids";

// IAM is one for all regions; its client needs one in whose name it signs.
export const iam = (): IAMClient => client(IAMClient);

/** The name in the ARN of a role. */
export const roleName = (arn: string): string => arn.split("/").pop() ?? "";

export const policyJson = (statement: object[]): string => JSON.stringify({ Version: "2012-10-17", Statement: statement });

/** The document of a managed policy's version that is in force. */
export async function policyDocument(arn: string): Promise<string> {
  const { Policy } = await iam().send(new GetPolicyCommand({ PolicyArn: arn }));
  const version = await iam().send(new GetPolicyVersionCommand({ PolicyArn: arn, VersionId: Policy?.DefaultVersionId }));
  return decodeURIComponent(version.PolicyVersion?.Document ?? "");
}

/** Whether a role's policies allow an action on a resource. */
export async function isAllowed(roleArn: string, action: string, resource: string): Promise<boolean> {
  const told = await iam().send(
    new SimulatePrincipalPolicyCommand({ PolicySourceArn: roleArn, ActionNames: [action], ResourceArns: [resource] }),
  );
  return told.EvaluationResults?.[0]?.EvalDecision === "allowed";
}

/** The execution role that AWS's console makes with a function; its ARN. */
export async function createExecutionRole(functionName: string, region: string, account: string): Promise<string> {
  const trust = [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }];
  const name = `${functionName.slice(0, 50)}-role-${letters(8)}`;
  const logs = `arn:aws:logs:${region}:${account}`;
  const role = await iam().send(
    new CreateRoleCommand({ RoleName: name, Path: "/service-role/", AssumeRolePolicyDocument: policyJson(trust) }),
  );
  const document = policyJson([
    { Effect: "Allow", Action: "logs:CreateLogGroup", Resource: `${logs}:*` },
    {
      Effect: "Allow",
      Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
      Resource: [`${logs}:log-group:/aws/lambda/${functionName}:*`],
    },
  ]);
  await attachNew(name, "AWSLambdaBasicExecutionRole", document);
  return role.Role?.Arn ?? "";
}

/** What of a role came of `permit`. */
export type Permitted = "allowed before" | "reused" | "created";

/**
 * Sees to it that a role may do something, as AWS's console does on saving: nothing if it may already, else an equal
 * policy of the same kind is attached, else one is made. `kind` is how the policy's name begins.
 */
export async function permit(roleArn: string, kind: string, action: string, resource: string): Promise<Permitted> {
  if (await isAllowed(roleArn, action, resource)) return "allowed before";
  const document = policyJson([{ Effect: "Allow", Action: action, Resource: resource }]);
  const role = roleName(roleArn);
  const equal = await findEqual(kind, document);
  if (equal) {
    await iam().send(new AttachRolePolicyCommand({ RoleName: role, PolicyArn: equal }));
    return "reused";
  }
  await attachNew(role, kind, document);
  return "created";
}

async function attachNew(role: string, kind: string, document: string): Promise<void> {
  const made = await iam().send(
    new CreatePolicyCommand({ PolicyName: `${kind}-${uuid()}`, Path: "/service-role/", PolicyDocument: document }),
  );
  await iam().send(new AttachRolePolicyCommand({ RoleName: role, PolicyArn: made.Policy?.Arn }));
}

async function findEqual(kind: string, document: string): Promise<string | undefined> {
  for (const policy of await ownPolicies()) {
    if (!policy.PolicyName?.startsWith(`${kind}-`) || !policy.Arn) continue;
    if (same(await policyDocument(policy.Arn), document)) return policy.Arn;
  }
  return undefined;
}

async function ownPolicies(): Promise<Policy[]> {
  const found: Policy[] = [];
  let Marker: string | undefined;
  do {
    const page = await iam().send(new ListPoliciesCommand({ Scope: "Local", PathPrefix: "/service-role/", Marker }));
    found.push(...(page.Policies ?? []));
    Marker = page.IsTruncated ? page.Marker : undefined;
  } while (Marker);
  return found;
}

function same(one: string, other: string): boolean {
  try {
    return JSON.stringify(JSON.parse(one)) === JSON.stringify(JSON.parse(other));
  } catch {
    return false;
  }
}

/** How the policy's name begins that a destination of a service needs, and the action that it allows. */
export const DESTINATION_POLICIES: Record<string, { kind: string; action: string; resource: (arn: string) => string }> = {
  sqs: { kind: "AWSLambdaSQSQueueDestinationExecutionRole", action: "sqs:SendMessage", resource: (arn) => arn },
  sns: { kind: "AWSLambdaSNSTopicDestinationExecutionRole", action: "sns:Publish", resource: (arn) => arn },
  lambda: {
    kind: "AWSLambdaLambdaFunctionDestinationExecutionRole",
    action: "lambda:InvokeFunction",
    resource: (arn) => `${arn}*`,
  },
  events: { kind: "AWSLambdaEventBridgeEventBusDestinationExecutionRole", action: "events:PutEvents", resource: (arn) => arn },
  s3: { kind: "AWSLambdaS3BucketDestinationExecutionRole", action: "s3:PutObject", resource: (arn) => `${arn}/*` },
};

/** Sees to it that a function's role may write to a destination. */
export function permitDestination(roleArn: string, destination: string): Promise<Permitted> {
  const policy = DESTINATION_POLICIES[arnParts(destination).service];
  if (!policy) throw new Error(`${destination} cannot be a destination`);
  return permit(roleArn, policy.kind, policy.action, policy.resource(destination));
}
