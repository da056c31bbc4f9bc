// What was published of a function, never to change again.
import { ListVersionsByFunctionCommand, PublishVersionCommand, type FunctionConfiguration } from "@aws-sdk/client-lambda";
import Button from "@cloudscape-design/components/button";
import { lambda } from "../../aws/lambda";
import { useLoad } from "../../live/load";
import { dateTime } from "../../parts/format";
import { ResourceTable } from "../../parts/ResourceTable";
import { useSaving } from "./config/useSaving";
import type { TabProps } from "./FunctionState";

export default function VersionsTab({ fn }: TabProps) {
  const { busy, save } = useSaving(fn);
  const versions = useLoad(
    async () => (await lambda().send(new ListVersionsByFunctionCommand({ FunctionName: fn.name }))).Versions ?? [],
    [fn.name, fn.configuration?.CodeSha256],
  );
  const publish = async () => {
    await save(() => lambda().send(new PublishVersionCommand({ FunctionName: fn.name })), "A new version was published.");
    await versions.reload();
  };
  return (
    <ResourceTable<FunctionConfiguration>
      title="Versions"
      items={versions.data && [...versions.data].reverse()}
      id={(one) => one.Version ?? ""}
      empty={versions.error ?? "There are no versions."}
      actions={
        <Button loading={busy} onClick={() => void publish()}>
          Publish new version
        </Button>
      }
      columns={[
        { id: "version", header: "Version", isRowHeader: true, cell: (one) => one.Version },
        { id: "description", header: "Description", cell: (one) => one.Description || "-" },
        { id: "runtime", header: "Runtime", cell: (one) => one.Runtime },
        { id: "modified", header: "Last modified", cell: (one) => (one.LastModified ? dateTime(Date.parse(one.LastModified)) : "-") },
        { id: "sha", header: "SHA256 hash", cell: (one) => one.CodeSha256 },
      ]}
    />
  );
}
