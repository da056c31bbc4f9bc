// What makes a bucket invoke a function, to be filled in; with the labels of AWS's page.
import { ListBucketsCommand } from "@aws-sdk/client-s3";
import Alert from "@cloudscape-design/components/alert";
import Checkbox from "@cloudscape-design/components/checkbox";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Multiselect from "@cloudscape-design/components/multiselect";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { Go } from "../../app/go";
import { s3 } from "../../aws/s3";
import { useLoad } from "../../live/load";

export interface S3TriggerFields {
  bucket: string;
  events: string[];
  prefix: string;
  suffix: string;
  acknowledged: boolean;
}

export const S3_TRIGGER: S3TriggerFields = { bucket: "", events: ["s3:ObjectCreated:*"], prefix: "", suffix: "", acknowledged: false };

const EVENTS: [string, string][] = [
  ["s3:ObjectCreated:*", "All object create events"],
  ["s3:ObjectCreated:Put", "PUT"],
  ["s3:ObjectCreated:Post", "POST"],
  ["s3:ObjectCreated:Copy", "COPY"],
  ["s3:ObjectCreated:CompleteMultipartUpload", "Multipart upload completed"],
  ["s3:ObjectRemoved:*", "All object delete events"],
  ["s3:ObjectRemoved:Delete", "Permanently deleted"],
  ["s3:ObjectRemoved:DeleteMarkerCreated", "Delete marker created"],
];
const OPTIONS = EVENTS.map(([value, label]) => ({ value, label, description: value }));

interface S3TriggerFormProps {
  fields: S3TriggerFields;
  onChange: (fields: S3TriggerFields) => void;
}

export function S3TriggerForm({ fields, onChange }: S3TriggerFormProps) {
  const buckets = useLoad(async () => (await s3().send(new ListBucketsCommand({}))).Buckets ?? [], []);
  const set = (some: Partial<S3TriggerFields>) => onChange({ ...fields, ...some });
  const options = (buckets.data ?? []).map(({ Name }) => ({ value: Name ?? "", label: Name ?? "" }));
  return (
    <SpaceBetween size="m">
      <FormField label="Bucket" description="The bucket whose objects invoke the function.">
        <Select
          selectedOption={fields.bucket ? { value: fields.bucket, label: fields.bucket } : null}
          options={options}
          placeholder="Choose a bucket"
          filteringType={options.length > 10 ? "auto" : "none"}
          statusType={buckets.error ? "error" : buckets.data ? "finished" : "loading"}
          errorText={buckets.error}
          empty="There is no bucket yet"
          onChange={({ detail }) => set({ bucket: detail.selectedOption.value ?? "" })}
        />
      </FormField>
      {buckets.data?.length === 0 && (
        <Alert type="info">
          There is no bucket yet. <Go to="/s3/buckets">Create one</Go> first.
        </Alert>
      )}
      <FormField label="Event types" description="The events that invoke the function.">
        <Multiselect
          selectedOptions={OPTIONS.filter(({ value }) => fields.events.includes(value))}
          options={OPTIONS}
          tokenLimit={4}
          placeholder="Choose event types"
          deselectAriaLabel={({ label }) => `Remove ${label}`}
          onChange={({ detail }) => set({ events: detail.selectedOptions.map(({ value }) => value ?? "") })}
        />
      </FormField>
      <FormField label="Prefix - optional" description="Only objects whose keys begin like this.">
        <Input value={fields.prefix} placeholder="images/" spellcheck={false} onChange={({ detail }) => set({ prefix: detail.value })} />
      </FormField>
      <FormField label="Suffix - optional" description="Only objects whose keys end like this.">
        <Input value={fields.suffix} placeholder=".jpg" spellcheck={false} onChange={({ detail }) => set({ suffix: detail.value })} />
      </FormField>
      <FormField label="Recursive invocation" description="A function that writes into the bucket that invokes it invokes itself, again and again.">
        <Checkbox checked={fields.acknowledged} onChange={({ detail }) => set({ acknowledged: detail.checked })}>
          I acknowledge that using the same bucket for input and output is not recommended.
        </Checkbox>
      </FormField>
    </SpaceBetween>
  );
}

/** What is missing in it, or empty. */
export function missing(fields: S3TriggerFields): string {
  if (!fields.bucket) return "Choose a bucket.";
  if (!fields.events.length) return "Choose at least one event type.";
  if (!fields.acknowledged) return "Acknowledge the note on recursive invocation.";
  return "";
}
