// Every page of the console: its path, its file (loaded when it is first opened), its name and the way to it.
import { lazy, type ComponentType, type LazyExoticComponent } from "react";

type Page = LazyExoticComponent<ComponentType>;
type Params = Readonly<Record<string, string | undefined>>;

export interface Crumb {
  text: string;
  to: string;
}

export interface Route {
  path: string;
  page: Page;
  /** The name of the page, the last breadcrumb. */
  title: (params: Params) => string;
  /** The breadcrumbs before it. */
  above: (params: Params) => Crumb[];
}

type Load = () => Promise<{ default: ComponentType }>;
type Text = string | ((params: Params) => string);
type Above = Crumb[] | ((params: Params) => Crumb[]);

function route(path: string, load: Load, title: Text, above: Above = []): Route {
  return {
    path,
    page: lazy(load),
    title: typeof title === "string" ? () => title : title,
    above: typeof above === "function" ? above : () => above,
  };
}

/** A name as one segment of a path. */
export const segment = encodeURIComponent;

const named: Text = ({ name }) => name ?? "";
const EVENTS: Crumb[] = [{ text: "Events", to: "/events" }];
const SQS: Crumb[] = [
  { text: "Amazon SQS", to: "/sqs/queues" },
  { text: "Queues", to: "/sqs/queues" },
];
const LAMBDA: Crumb[] = [
  { text: "Lambda", to: "/lambda/functions" },
  { text: "Functions", to: "/lambda/functions" },
];
const IAM: Crumb[] = [
  { text: "IAM", to: "/iam/roles" },
  { text: "Roles", to: "/iam/roles" },
];
const S3: Crumb[] = [
  { text: "Amazon S3", to: "/s3/buckets" },
  { text: "Buckets", to: "/s3/buckets" },
];
const LOGS: Crumb[] = [
  { text: "CloudWatch Logs", to: "/logs" },
  { text: "Log groups", to: "/logs" },
];
const SNS: Crumb[] = [
  { text: "Amazon SNS", to: "/sns" },
  { text: "Topics", to: "/sns" },
];
const EVENTBRIDGE: Crumb[] = [{ text: "Amazon EventBridge", to: "/eventbridge" }];
const below =
  (crumbs: Crumb[], root: string): Above =>
  ({ name = "" }) => [...crumbs, { text: name, to: `${root}/${segment(name)}` }];

export const ROUTES: Route[] = [
  route("/", () => import("../pages/home/Home"), "Home"),

  route("/events", () => import("../pages/events/EventList"), "Events"),
  route("/events/:id", () => import("../pages/events/EventPage"), ({ id }) => id ?? "", EVENTS),

  route("/sqs/queues", () => import("../pages/sqs/QueueList"), "Queues", SQS.slice(0, 1)),
  route("/sqs/create-queue", () => import("../pages/sqs/CreateQueue"), "Create queue", SQS),
  route("/sqs/queues/:name", () => import("../pages/sqs/QueuePage"), named, SQS),
  route("/sqs/queues/:name/edit", () => import("../pages/sqs/EditQueue"), "Edit", below(SQS, "/sqs/queues")),
  route(
    "/sqs/queues/:name/send-receive",
    () => import("../pages/sqs/SendReceive"),
    "Send and receive messages",
    below(SQS, "/sqs/queues"),
  ),

  route("/lambda/functions", () => import("../pages/lambda/FunctionList"), "Functions", LAMBDA.slice(0, 1)),
  route("/lambda/create", () => import("../pages/lambda/CreateFunction"), "Create function", LAMBDA),
  route("/lambda/functions/:name", () => import("../pages/lambda/FunctionPage"), named, LAMBDA),
  route(
    "/lambda/functions/:name/add/trigger",
    () => import("../pages/lambda/AddTrigger"),
    "Add trigger",
    below(LAMBDA, "/lambda/functions"),
  ),
  route(
    "/lambda/functions/:name/add/destination",
    () => import("../pages/lambda/AddDestination"),
    "Add destination",
    below(LAMBDA, "/lambda/functions"),
  ),

  route("/iam/roles", () => import("../pages/iam/RoleList"), "Roles", IAM.slice(0, 1)),
  route("/iam/roles/:name", () => import("../pages/iam/RolePage"), named, IAM),

  route("/s3/buckets", () => import("../pages/s3/BucketList"), "Buckets", S3.slice(0, 1)),
  route("/s3/buckets/:name", () => import("../pages/s3/BucketPage"), named, S3),
  route("/s3/upload/:name", () => import("../pages/s3/Upload"), "Upload", below(S3, "/s3/buckets")),

  route("/logs", () => import("../pages/logs/LogGroupList"), "Log groups", LOGS.slice(0, 1)),
  route("/logs/:name", () => import("../pages/logs/LogGroupPage"), named, LOGS),

  route("/sns", () => import("../pages/sns/TopicList"), "Topics", SNS.slice(0, 1)),
  route("/sns/topics/:name", () => import("../pages/sns/TopicPage"), named, SNS),

  route("/eventbridge", () => import("../pages/eventbridge/EventBridge"), "EventBridge"),
  route("/eventbridge/:bus/:name", () => import("../pages/eventbridge/RulePage"), named, EVENTBRIDGE),

  route("/settings", () => import("../pages/settings/SettingsPage"), "Settings"),
];

/** The services in the navigation at the side. */
export const NAVIGATION = [
  { text: "S3", to: "/s3/buckets", under: "/s3" },
  { text: "Lambda", to: "/lambda/functions", under: "/lambda" },
  { text: "SQS", to: "/sqs/queues", under: "/sqs" },
  { text: "SNS", to: "/sns", under: "/sns" },
  { text: "EventBridge", to: "/eventbridge", under: "/eventbridge" },
  { text: "IAM", to: "/iam/roles", under: "/iam" },
  { text: "CloudWatch Logs", to: "/logs", under: "/logs" },
];
