// What a bucket is, and whom it notifies.
import {
  GetBucketLocationCommand,
  GetBucketNotificationConfigurationCommand,
  GetBucketVersioningCommand,
  type NotificationConfiguration,
} from "@aws-sdk/client-s3";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { Go } from "../../app/go";
import { segment } from "../../app/routes";
import { arnParts } from "../../aws/client";
import { s3 } from "../../aws/s3";
import { useLoad } from "../../live/load";
import { Copy } from "../../parts/Copy";
import { ReadFailed } from "../../parts/Page";
import { ResourceTable } from "../../parts/ResourceTable";
import { Values } from "../../parts/Value";

interface Notification {
  id: string;
  events: string[];
  filter: string;
  type: string;
  target: string;
}

export function Properties({ bucket }: { bucket: string }) {
  const read = useLoad(
    async () => {
      const [location, versioning, notification] = await Promise.all([
        s3().send(new GetBucketLocationCommand({ Bucket: bucket })),
        s3().send(new GetBucketVersioningCommand({ Bucket: bucket })),
        s3().send(new GetBucketNotificationConfigurationCommand({ Bucket: bucket })),
      ]);
      return { region: location.LocationConstraint || "us-east-1", versioning: versioning.Status, notification };
    },
    [bucket],
    { every_ms: 10_000 },
  );
  const arn = `arn:aws:s3:::${bucket}`;
  return (
    <SpaceBetween size="l">
      {read.error && <ReadFailed read={read} />}
      <Container header={<Header variant="h2">Bucket overview</Header>}>
        <Values
          items={[
            ["AWS Region", read.data?.region],
            ["Amazon Resource Name (ARN)", <Copy key="arn" text={arn} label="ARN" />],
            ["Bucket Versioning", read.data?.versioning ?? "Disabled"],
          ]}
        />
      </Container>
      <ResourceTable<Notification>
        title="Event notifications"
        description="Sends a notification when something happens to an object of the bucket."
        items={read.data && notifications(read.data.notification)}
        id={(one) => one.id + one.target}
        empty="This bucket notifies nobody. A trigger is added on the page of a function."
        columns={[
          { id: "name", header: "Name", isRowHeader: true, cell: (one) => one.id },
          { id: "events", header: "Event types", cell: (one) => one.events.join(", ") },
          { id: "filter", header: "Filters", cell: (one) => one.filter || "-" },
          { id: "type", header: "Destination type", cell: (one) => one.type },
          { id: "target", header: "Destination", cell: (one) => <Target arn={one.target} /> },
        ]}
      />
    </SpaceBetween>
  );
}

function notifications(configuration: NotificationConfiguration): Notification[] {
  const all = [
    ...(configuration.LambdaFunctionConfigurations ?? []).map((one) => ({ ...one, type: "Lambda function", target: one.LambdaFunctionArn })),
    ...(configuration.QueueConfigurations ?? []).map((one) => ({ ...one, type: "SQS queue", target: one.QueueArn })),
    ...(configuration.TopicConfigurations ?? []).map((one) => ({ ...one, type: "SNS topic", target: one.TopicArn })),
  ];
  const rows = all.map((one) => ({
    id: one.Id ?? "",
    events: one.Events ?? [],
    filter: (one.Filter?.Key?.FilterRules ?? []).map(({ Name, Value }) => `${Name} ${Value}`).join(", "),
    type: one.type,
    target: one.target ?? "",
  }));
  if (!configuration.EventBridgeConfiguration) return rows;
  return [...rows, { id: "EventBridge", events: ["all"], filter: "", type: "Event bus", target: "default" }];
}

function Target({ arn }: { arn: string }) {
  const { service, resource } = arnParts(arn);
  if (service === "lambda") return <Go to={`/lambda/functions/${segment(resource.split(":")[1] ?? "")}`}>{resource.split(":")[1]}</Go>;
  if (service === "sqs") return <Go to={`/sqs/queues/${segment(resource)}`}>{resource}</Go>;
  return <>{resource || arn}</>;
}
