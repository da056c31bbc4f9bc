// One object: what is known of it.
import { HeadObjectCommand } from "@aws-sdk/client-s3";
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { Go } from "../../app/go";
import { s3 } from "../../aws/s3";
import { useLoad } from "../../live/load";
import { Copy } from "../../parts/Copy";
import { bytes, dateTime } from "../../parts/format";
import { Values } from "../../parts/Value";
import type { Row } from "./Objects";

export function ObjectDialog({ bucket, row, onClose }: { bucket: string; row: Row; onClose: () => void }) {
  const head = useLoad(() => s3().send(new HeadObjectCommand({ Bucket: bucket, Key: row.key })), [bucket, row.key]);
  const uri = `s3://${bucket}/${row.key}`;
  return (
    <Modal
      visible
      size="large"
      header={row.key}
      onDismiss={onClose}
      closeAriaLabel="Close"
      footer={
        <Box float="right">
          <Button variant="primary" onClick={onClose}>
            Done
          </Button>
        </Box>
      }
    >
      <SpaceBetween size="m">
        {head.error && <Alert type="error">{head.error}</Alert>}
        <Values
          columns={2}
          items={[
            ["S3 URI", <Copy key="uri" text={uri} label="URI" />],
            ["Size", bytes(row.size)],
            ["Type", head.data?.ContentType],
            ["Last modified", dateTime(row.modified)],
            ["ETag", row.etag],
            ["Version ID", head.data?.VersionId],
            ["Storage class", row.storage ?? "STANDARD"],
            ["Metadata", Object.entries(head.data?.Metadata ?? {}).map(([name, value]) => `${name}: ${value}`).join(", ") || "-"],
          ]}
        />
        <Go to={`/events?key=${encodeURIComponent(row.key)}`}>Events of this object</Go>
      </SpaceBetween>
    </Modal>
  );
}
