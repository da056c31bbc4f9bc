// All buckets, and a new one.
import { CreateBucketCommand, DeleteBucketCommand, ListBucketsCommand, type Bucket, type BucketLocationConstraint } from "@aws-sdk/client-s3";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { useNavigate } from "react-router-dom";
import { useFlash } from "../../app/flash";
import { Go } from "../../app/go";
import { segment } from "../../app/routes";
import { settings } from "../../app/settings";
import { explain } from "../../aws/problem";
import { s3 } from "../../aws/s3";
import { useLoad } from "../../live/load";
import { Confirm } from "../../parts/Confirm";
import { dateTime } from "../../parts/format";
import { Buttons, ReadFailed } from "../../parts/Page";
import { ResourceTable } from "../../parts/ResourceTable";

export default function BucketList() {
  const buckets = useLoad(async () => (await s3().send(new ListBucketsCommand({}))).Buckets ?? [], [], { every_ms: 5000 });
  const [chosen, setChosen] = useState<string[]>([]);
  const [asking, setAsking] = useState<"create" | "delete">();
  const flash = useFlash();
  const name = chosen[0] ?? "";

  const remove = async () => {
    await s3().send(new DeleteBucketCommand({ Bucket: name }));
    flash.success(`The bucket ${name} was deleted.`);
    setChosen([]);
    await buckets.reload();
  };
  return (
    <SpaceBetween size="m">
      <Header variant="h1">Amazon S3</Header>
      {buckets.error && <ReadFailed read={buckets} />}
      <ResourceTable<Bucket>
        title="Buckets"
        items={buckets.data}
        id={(one) => one.Name ?? ""}
        text={(one) => one.Name ?? ""}
        searchLabel="Find buckets by name"
        selection="single"
        chosen={chosen}
        onChoose={setChosen}
        empty="There is no bucket yet."
        actions={
          <Buttons>
            <Button iconName="refresh" ariaLabel="Refresh" onClick={() => void buckets.reload()} />
            <Button disabled={!name} onClick={() => setAsking("delete")}>
              Delete
            </Button>
            <Button variant="primary" onClick={() => setAsking("create")}>
              Create bucket
            </Button>
          </Buttons>
        }
        columns={[
          {
            id: "name",
            header: "Name",
            isRowHeader: true,
            cell: (one) => <Go to={`/s3/buckets/${segment(one.Name ?? "")}`}>{one.Name}</Go>,
            sortingField: "Name",
          },
          { id: "region", header: "AWS Region", cell: (one) => one.BucketRegion ?? "-" },
          { id: "created", header: "Creation date", cell: (one) => dateTime(one.CreationDate) },
        ]}
      />
      {asking === "create" && <CreateBucket onClose={() => setAsking(undefined)} />}
      {asking === "delete" && (
        <Confirm title={`Delete ${name}`} action="Delete bucket" word={name} onConfirm={remove} onClose={() => setAsking(undefined)}>
          Only an empty bucket can be deleted.
        </Confirm>
      )}
    </SpaceBetween>
  );
}

function CreateBucket({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  const navigate = useNavigate();
  const flash = useFlash();
  const create = async () => {
    setBusy(true);
    try {
      const { region } = settings();
      const constraint = { CreateBucketConfiguration: { LocationConstraint: region as BucketLocationConstraint } };
      await s3().send(
        new CreateBucketCommand({ Bucket: name, ...(region === "us-east-1" ? {} : constraint) }),
      );
      flash.done(`The bucket ${name} was created.`, `/s3/buckets/${segment(name)}`);
    } catch (problem) {
      setError(explain(problem));
      setBusy(false);
    }
  };
  return (
    <Modal
      visible
      header="Create bucket"
      closeAriaLabel="Close"
      onDismiss={onClose}
      footer={
        <Box float="right">
          <Buttons>
            <Button variant="link" onClick={() => (onClose(), navigate("/s3/buckets"))}>
              Cancel
            </Button>
            <Button variant="primary" disabled={!name} loading={busy} onClick={() => void create()}>
              Create bucket
            </Button>
          </Buttons>
        </Box>
      }
    >
      <FormField
        label="Bucket name"
        constraintText="3 to 63 lower-case letters, digits, hyphens and dots; the name is taken in all regions."
        errorText={error}
      >
        <Input
          value={name}
          autoFocus
          spellcheck={false}
          placeholder="photos"
          onChange={({ detail }) => setName(detail.value)}
          onKeyDown={({ detail }) => {
            if (detail.key === "Enter" && name) void create();
          }}
        />
      </FormField>
    </Modal>
  );
}
