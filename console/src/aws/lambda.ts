// Lambda, as the pages need it: functions, their code, who invokes them and where their records go.
import {
  GetFunctionConfigurationCommand,
  LambdaClient,
  ListEventSourceMappingsCommand,
  ListFunctionEventInvokeConfigsCommand,
  ListFunctionsCommand,
  PutFunctionEventInvokeConfigCommand,
  UpdateFunctionEventInvokeConfigCommand,
  GetPolicyCommand,
  type FunctionConfiguration,
  type FunctionEventInvokeConfig,
} from "@aws-sdk/client-lambda";
import { arnParts, client } from "./client";
import { isCalled } from "./problem";

export const lambda = (): LambdaClient => client(LambdaClient);

export type { FunctionConfiguration, FunctionEventInvokeConfig };
export type Condition = "OnSuccess" | "OnFailure";

export const RUNTIMES = ["python3.13", "python3.12", "python3.11", "nodejs22.x", "nodejs20.x", "provided.al2023"];

/** The name in a function's ARN, without the qualifier. */
export const functionName = (arn: string): string => arn.split(":")[6] ?? arn;

const PAGES_MAX = 200;

/** All functions of the region: up to 10,000. */
export async function listFunctions(): Promise<FunctionConfiguration[]> {
  const found: FunctionConfiguration[] = [];
  let Marker: string | undefined;
  for (let page = 0; page < PAGES_MAX; page++) {
    const got = await lambda().send(new ListFunctionsCommand({ Marker, MaxItems: 50 }));
    found.push(...(got.Functions ?? []));
    Marker = got.NextMarker;
    if (!Marker) break;
  }
  return found;
}

const READY_MS_MAX = 60_000;

/** Waits until a function that was made or changed can be invoked; rejects when that failed. */
export async function ready(name: string): Promise<void> {
  const until = Date.now() + READY_MS_MAX;
  for (;;) {
    const now = await lambda().send(new GetFunctionConfigurationCommand({ FunctionName: name }));
    if (now.State === "Failed") throw new Error(now.StateReason ?? "The function failed.");
    if (now.LastUpdateStatus === "Failed") throw new Error(now.LastUpdateStatusReason ?? "The update failed.");
    if (now.State !== "Pending" && now.LastUpdateStatus !== "InProgress") return;
    if (Date.now() > until) throw new Error("The function is not ready after a minute.");
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** How a function is invoked asynchronously, or undefined if nobody has said. */
export async function invokeConfig(name: string): Promise<FunctionEventInvokeConfig | undefined> {
  const listed = await lambda().send(new ListFunctionEventInvokeConfigsCommand({ FunctionName: name }));
  return listed.FunctionEventInvokeConfigs?.find(({ FunctionArn }) => (FunctionArn ?? "").endsWith(`:${name}:$LATEST`));
}

/** Sets one destination, or takes it away; what else was said stays. */
export async function setDestination(name: string, condition: Condition, destination: string | undefined): Promise<void> {
  const before = await invokeConfig(name);
  const DestinationConfig = { ...before?.DestinationConfig, [condition]: destination ? { Destination: destination } : {} };
  const config = { FunctionName: name, DestinationConfig };
  await lambda().send(before ? new UpdateFunctionEventInvokeConfigCommand(config) : new PutFunctionEventInvokeConfigCommand(config));
}

export interface PolicyStatement {
  Sid?: string;
  Effect: string;
  Action: string | string[];
  Principal: string | { Service?: string; AWS?: string };
  Condition?: Record<string, Record<string, string>>;
}

/** The statements of a function's own policy. */
export async function functionPolicy(name: string): Promise<PolicyStatement[]> {
  try {
    const got = await lambda().send(new GetPolicyCommand({ FunctionName: name }));
    return (JSON.parse(got.Policy ?? "{}") as { Statement?: PolicyStatement[] }).Statement ?? [];
  } catch (error) {
    if (isCalled(error, "ResourceNotFoundException")) return [];
    throw error;
  }
}

/** Who may invoke a function or is polled for it. */
export interface Trigger {
  id: string;
  service: string;
  arn: string;
  name: string;
  /** The statement of the function's policy, or the event source mapping. */
  statement?: string;
  mapping?: string;
  state?: string;
}

export const SERVICES: Record<string, string> = { s3: "S3", sns: "SNS", events: "EventBridge", sqs: "SQS", lambda: "Lambda", logs: "CloudWatch Logs" };

/** As AWS's console finds them: in the function's policy and among the event source mappings. */
export async function triggers(name: string): Promise<Trigger[]> {
  const [policy, mappings] = await Promise.all([
    functionPolicy(name),
    lambda().send(new ListEventSourceMappingsCommand({ FunctionName: name })),
  ]);
  const allowed = policy.flatMap((statement): Trigger[] => {
    const principal = typeof statement.Principal === "string" ? "" : (statement.Principal.Service ?? "");
    const service = principal.split(".")[0] ?? "";
    const arn = sourceArn(statement);
    if (!arn || !(service in SERVICES)) return [];
    return [{ id: statement.Sid ?? arn, service, arn, name: lastName(arn), statement: statement.Sid }];
  });
  const polled = (mappings.EventSourceMappings ?? []).map((one): Trigger => {
    const arn = one.EventSourceArn ?? "";
    return { id: one.UUID ?? arn, service: arnParts(arn).service, arn, name: lastName(arn), mapping: one.UUID, state: one.State };
  });
  return [...allowed, ...polled];
}

function sourceArn(statement: PolicyStatement): string | undefined {
  for (const operator of ["ArnLike", "ArnEquals", "StringLike", "StringEquals"]) {
    const values = statement.Condition?.[operator];
    const arn = values?.["AWS:SourceArn"] ?? values?.["aws:SourceArn"];
    if (arn) return arn;
  }
  return undefined;
}

/** The name at the end of an ARN. */
export function lastName(arn: string): string {
  const { service, resource } = arnParts(arn);
  if (service === "lambda") return resource.replace(/^function:/, "");
  return resource.split("/").pop() ?? arn;
}
