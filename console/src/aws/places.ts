// Where the console shows a resource.
import { segment } from "../app/routes";
import { arnParts } from "./client";
import { lastName } from "./lambda";

/** The page of a resource, or undefined if it has none. */
export function placeOf(arn: string): string | undefined {
  const { service, resource } = arnParts(arn);
  const name = segment(lastName(arn).split(":")[0] ?? "");
  if (service === "sqs") return `/sqs/queues/${name}`;
  if (service === "lambda") return `/lambda/functions/${name}`;
  if (service === "s3") return `/s3/buckets/${segment(resource.split("/")[0] ?? "")}`;
  if (service === "iam" && resource.startsWith("role/")) return `/iam/roles/${name}`;
  if (service === "sns") return `/sns/topics/${segment(resource.split(":")[0] ?? "")}`;
  if (service === "events") return eventsPlace(resource);
  if (service === "logs") return `/logs/${segment(resource.replace(/^log-group:/, "").replace(/:.*$/, ""))}`;
  return undefined;
}

function eventsPlace(resource: string): string {
  const [kind, first = "", second = ""] = resource.split("/");
  if (kind !== "rule") return "/eventbridge";
  return `/eventbridge/${segment(second ? first : "default")}/${segment(second || first)}`;
}
