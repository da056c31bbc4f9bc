// The settings of a queue, to be filled in: those that all have in sight, the others below.
import Container from "@cloudscape-design/components/container";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Textarea from "@cloudscape-design/components/textarea";
import Toggle from "@cloudscape-design/components/toggle";
import { listQueues, queueAttributes, queueName, type Attributes } from "../../aws/sqs";
import { useLoad } from "../../live/load";
import { SETTINGS, type Setting } from "./settings";

export interface QueueFields {
  attributes: Attributes;
  deadLetterQueue: string;
  maxReceiveCount: string;
}

interface QueueFormProps {
  fields: QueueFields;
  fifo: boolean;
  onChange: (fields: QueueFields) => void;
}

export function QueueForm({ fields, fifo, onChange }: QueueFormProps) {
  const queues = useLoad(listQueues, []);
  const set = (some: Attributes) => onChange({ ...fields, attributes: { ...fields.attributes, ...some } });
  const field = ({ attribute, label, hint }: Setting) => (
    <FormField key={attribute} label={label} description={hint}>
      <Input
        type="number"
        inputMode="numeric"
        value={fields.attributes[attribute] ?? ""}
        onChange={({ detail }) => set({ [attribute]: detail.value })}
      />
    </FormField>
  );
  const [first, ...others] = SETTINGS;
  const candidates = (queues.data?.urls ?? []).filter((url) => url.endsWith(".fifo") === fifo).map(queueName);
  const none = { value: "", label: "None" };
  return (
    <Container header={<Header variant="h2">Configuration</Header>}>
      <SpaceBetween size="m">
        {first && field(first)}
        {fifo && (
          <Toggle
            checked={fields.attributes.ContentBasedDeduplication === "true"}
            onChange={({ detail }) => set({ ContentBasedDeduplication: String(detail.checked) })}
          >
            Content-based deduplication
          </Toggle>
        )}
        <ExpandableSection headerText="More settings">
          <SpaceBetween size="m">
            <ColumnLayout columns={2}>{others.map(field)}</ColumnLayout>
            <ColumnLayout columns={2}>
              <FormField label="Dead-letter queue" description="Where messages go that were received too often">
                <Select
                  selectedOption={fields.deadLetterQueue ? { value: fields.deadLetterQueue } : none}
                  options={[none, ...candidates.map((value) => ({ value }))]}
                  onChange={({ detail }) => onChange({ ...fields, deadLetterQueue: detail.selectedOption.value ?? "" })}
                />
              </FormField>
              <FormField label="Maximum receives" description="1 to 1000">
                <Input
                  type="number"
                  disabled={!fields.deadLetterQueue}
                  value={fields.maxReceiveCount}
                  onChange={({ detail }) => onChange({ ...fields, maxReceiveCount: detail.value })}
                />
              </FormField>
            </ColumnLayout>
            <FormField label="Access policy" description="JSON; empty: only this account, as its IAM policies say" stretch>
              <Textarea
                rows={8}
                value={fields.attributes.Policy ?? ""}
                spellcheck={false}
                onChange={({ detail }) => set({ Policy: detail.value })}
              />
            </FormField>
          </SpaceBetween>
        </ExpandableSection>
      </SpaceBetween>
    </Container>
  );
}

/** The attributes to send: those that differ from what they were, the dead-letter queue as the redrive policy. */
export async function toAttributes(fields: QueueFields, before: Attributes, urlOf: (name: string) => Promise<string>): Promise<Attributes> {
  const wanted: Attributes = { ...fields.attributes };
  if (fields.deadLetterQueue) {
    const { QueueArn } = await queueAttributes(await urlOf(fields.deadLetterQueue));
    wanted.RedrivePolicy = JSON.stringify({ deadLetterTargetArn: QueueArn, maxReceiveCount: Number(fields.maxReceiveCount) });
  } else if (before.RedrivePolicy) {
    wanted.RedrivePolicy = "";
  }
  return Object.fromEntries(Object.entries(wanted).filter(([name, value]) => value !== (before[name] ?? "")));
}
