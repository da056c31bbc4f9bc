// One topic: who gets its messages, sending one, and its policy.
import { GetTopicAttributesCommand } from "@aws-sdk/client-sns";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import Tabs from "@cloudscape-design/components/tabs";
import { useSearchParams } from "react-router-dom";
import { useParam } from "../../app/params";
import { settings } from "../../app/settings";
import { account } from "../../aws/account";
import { sns } from "../../aws/sns";
import { useLoad } from "../../live/load";
import { Code } from "../../parts/Code";
import { Copy } from "../../parts/Copy";
import { Page } from "../../parts/Page";
import { Values } from "../../parts/Value";
import { Publish } from "./Publish";
import { Subscriptions } from "./Subscriptions";

export default function TopicPage() {
  const name = useParam("name");
  const [parameters, setParameters] = useSearchParams();
  const topic = useLoad(() => readTopic(name), [name], { every_ms: 10_000 });
  const found = topic.data;
  return (
    <Page title={name} reads={[topic]}>
      <Container header={<Header variant="h2">Details</Header>}>
        <Values
          columns={2}
          items={[
            ["Name", name],
            ["ARN", found?.TopicArn && <Copy text={found.TopicArn} label="ARN" />],
            ["Type", name.endsWith(".fifo") ? "FIFO" : "Standard"],
            ["Display name", found?.DisplayName || "-"],
            ["Topic owner", found?.Owner],
            ["Subscriptions", found && `${found.SubscriptionsConfirmed} confirmed, ${found.SubscriptionsPending} pending`],
          ]}
        />
      </Container>
      <Tabs
        ariaLabel="Topic"
        activeTabId={parameters.get("tab") ?? "subscriptions"}
        onChange={({ detail }) => setParameters({ tab: detail.activeTabId })}
        tabs={[
          {
            id: "subscriptions",
            label: "Subscriptions",
            content: found?.TopicArn && <Subscriptions topic={found.TopicArn} onChanged={topic.reload} />,
          },
          { id: "publish", label: "Publish message", content: found?.TopicArn && <Publish topic={found.TopicArn} /> },
          {
            id: "policy",
            label: "Access policy",
            content: found?.Policy && (
              <Container header={<Header variant="h2">Access policy</Header>}>
                <Code text={found.Policy} label="Copy the access policy" />
              </Container>
            ),
          },
        ]}
      />
    </Page>
  );
}

async function readTopic(name: string): Promise<Record<string, string>> {
  const TopicArn = `arn:aws:sns:${settings().region}:${await account()}:${name}`;
  const got = await sns().send(new GetTopicAttributesCommand({ TopicArn }));
  return { TopicArn, ...got.Attributes };
}
