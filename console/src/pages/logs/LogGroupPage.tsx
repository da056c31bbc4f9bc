// One log group: its streams, or the lines of one or of all of them.
import { DescribeLogGroupsCommand, PutRetentionPolicyCommand, DeleteRetentionPolicyCommand } from "@aws-sdk/client-cloudwatch-logs";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Select from "@cloudscape-design/components/select";
import Tabs from "@cloudscape-design/components/tabs";
import { useState } from "react";
import { useSearchParams } from "react-router-dom";
import { useFlash } from "../../app/flash";
import { useParam } from "../../app/params";
import { logs } from "../../aws/logs";
import { useLoad } from "../../live/load";
import { Confirm } from "../../parts/Confirm";
import { Copy } from "../../parts/Copy";
import { bytes, dateTime } from "../../parts/format";
import { Page } from "../../parts/Page";
import { Values } from "../../parts/Value";
import { Lines } from "./Lines";
import { retention } from "./LogGroupList";
import { Streams } from "./Streams";

const DAYS = [0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

export default function LogGroupPage() {
  const name = useParam("name");
  const [parameters, setParameters] = useSearchParams();
  const [editing, setEditing] = useState(false);
  const group = useLoad(() => readGroup(name), [name], { every_ms: 10_000 });
  const found = group.data;
  return (
    <Page title={name} reads={[group]} actions={<Button onClick={() => setEditing(true)}>Edit retention setting</Button>}>
      <Container header={<Header variant="h2">Log group details</Header>}>
        <Values
          columns={2}
          items={[
            ["ARN", found?.logGroupArn && <Copy text={found.logGroupArn} label="ARN" />],
            ["Creation time", dateTime(found?.creationTime)],
            ["Retention", found && retention(found)],
            ["Stored bytes", bytes(found?.storedBytes)],
            ["Log class", found?.logGroupClass],
            ["Metric filters", found?.metricFilterCount],
          ]}
        />
      </Container>
      <Tabs
        ariaLabel="Log group"
        activeTabId={parameters.get("tab") ?? "streams"}
        onChange={({ detail }) => setParameters({ tab: detail.activeTabId })}
        tabs={[
          { id: "streams", label: "Log streams", contentRenderStrategy: "active", content: <Streams group={name} /> },
          {
            id: "lines",
            label: "Log events",
            contentRenderStrategy: "active",
            content: <Lines key={parameters.get("stream") ?? ""} group={name} stream={parameters.get("stream") ?? ""} />,
          },
        ]}
      />
      {editing && <Retention group={name} now={found?.retentionInDays ?? 0} onClose={() => setEditing(false)} onSaved={group.reload} />}
    </Page>
  );
}

async function readGroup(name: string) {
  const got = await logs().send(new DescribeLogGroupsCommand({ logGroupNamePrefix: name, limit: 50 }));
  const group = got.logGroups?.find(({ logGroupName }) => logGroupName === name);
  if (!group) throw new Error(`There is no log group ${name}.`);
  return group;
}

interface RetentionProps {
  group: string;
  now: number;
  onClose: () => void;
  onSaved: () => Promise<void>;
}

function Retention({ group, now, onClose, onSaved }: RetentionProps) {
  const [days, setDays] = useState(now);
  const flash = useFlash();
  const save = async () => {
    await (days
      ? logs().send(new PutRetentionPolicyCommand({ logGroupName: group, retentionInDays: days }))
      : logs().send(new DeleteRetentionPolicyCommand({ logGroupName: group })));
    flash.success("The retention setting was saved.");
    await onSaved();
  };
  const option = (count: number) => ({ value: String(count), label: retention({ retentionInDays: count }) });
  return (
    <Confirm title="Edit retention setting" action="Save" onConfirm={save} onClose={onClose}>
      <FormField label="Expire events after">
        <Select
          selectedOption={option(days)}
          options={DAYS.map(option)}
          onChange={({ detail }) => setDays(Number(detail.selectedOption.value))}
        />
      </FormField>
    </Confirm>
  );
}
