// Files into a bucket: chosen or dropped, with the progress of each; what was cancelled goes on where it was.
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import FileDropzone, { useFilesDragging } from "@cloudscape-design/components/file-dropzone";
import FileInput from "@cloudscape-design/components/file-input";
import Header from "@cloudscape-design/components/header";
import ProgressBar from "@cloudscape-design/components/progress-bar";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import Table from "@cloudscape-design/components/table";
import { useEffect, useRef, useState } from "react";
import { useNavigate, useSearchParams } from "react-router-dom";
import { useFlash } from "../../app/flash";
import { useParam } from "../../app/params";
import { segment } from "../../app/routes";
import { explain } from "../../aws/problem";
import { send, Sending } from "../../aws/upload";
import { bytes, count } from "../../parts/format";
import { Buttons, Page } from "../../parts/Page";

type State = "waiting" | "sending" | "sent" | "stopped" | "failed";

interface Row {
  id: number;
  sending: Sending;
  state: State;
  sent: number;
  problem?: string;
}

export default function Upload() {
  const bucket = useParam("name");
  const [parameters] = useSearchParams();
  const prefix = parameters.get("prefix") ?? "";
  const [rows, setRows] = useState<Row[]>([]);
  const [busy, setBusy] = useState(false);
  const stopping = useRef<AbortController>(undefined);
  const number = useRef(0);
  const flash = useFlash();
  const navigate = useNavigate();
  const { areFilesDragging } = useFilesDragging();
  useEffect(() => () => stopping.current?.abort(), []);

  const add = (files: File[]) =>
    setRows((all) => [
      ...all,
      ...files.map((file): Row => ({ id: ++number.current, sending: new Sending(file, bucket, prefix + file.name), state: "waiting", sent: 0 })),
    ]);
  const note = (id: number, some: Partial<Row>) => setRows((all) => all.map((row) => (row.id === id ? { ...row, ...some } : row)));

  const upload = async () => {
    const control = new AbortController();
    stopping.current = control;
    setBusy(true);
    let sent = 0;
    for (const row of rows.filter(({ state }) => state !== "sent")) {
      if (control.signal.aborted) break;
      note(row.id, { state: "sending", problem: undefined });
      try {
        await send(row.sending, control.signal, (bytes) => note(row.id, { sent: bytes }));
        note(row.id, { state: "sent", sent: row.sending.file.size });
        sent++;
      } catch (error) {
        note(row.id, control.signal.aborted ? { state: "stopped" } : { state: "failed", problem: explain(error) });
      }
    }
    setBusy(false);
    if (sent) flash.success(sent === 1 ? "Upload succeeded." : `Upload succeeded: ${count(sent, "file")}.`);
  };

  const left = rows.filter(({ state }) => state !== "sent");
  const back = `/s3/buckets/${segment(bucket)}`;
  return (
    <Page
      title="Upload"
      description={`Add the files that you want to upload to s3://${bucket}/${prefix}`}
      actions={
        <Buttons>
          {busy ? (
            <Button onClick={() => stopping.current?.abort()}>Cancel</Button>
          ) : (
            <Button variant="link" onClick={() => navigate(back)}>
              {left.length || !rows.length ? "Cancel" : "Close"}
            </Button>
          )}
          <Button variant="primary" disabled={!left.length} loading={busy} onClick={() => void upload()}>
            {left.some(({ state }) => state === "stopped" || state === "failed") ? "Upload the rest" : "Upload"}
          </Button>
        </Buttons>
      }
    >
      <Container>
        {areFilesDragging ? (
          <FileDropzone onChange={({ detail }) => add(detail.value)}>Drop the files here</FileDropzone>
        ) : (
          <Box textAlign="center" padding="l" color="text-body-secondary">
            Drag files here, or choose{" "}
            <FileInput multiple value={[]} ariaLabel="Add files" onChange={({ detail }) => add(detail.value)}>
              Add files
            </FileInput>
          </Box>
        )}
      </Container>
      <Table<Row>
        items={rows}
        trackBy={(row) => String(row.id)}
        ariaLabels={{ tableLabel: "Files" }}
        header={
          <Header
            variant="h2"
            counter={`(${rows.length})`}
            description={rows.length ? `${bytes(rows.reduce((sum, { sending }) => sum + sending.file.size, 0))} in all` : undefined}
            actions={
              <Button disabled={busy || !rows.length} onClick={() => setRows([])}>
                Remove all
              </Button>
            }
          >
            Files and folders
          </Header>
        }
        empty={
          <Box textAlign="center" color="text-body-secondary">
            You have not chosen any files.
          </Box>
        }
        columnDefinitions={[
          { id: "name", header: "Name", isRowHeader: true, cell: ({ sending }) => sending.key },
          { id: "type", header: "Type", cell: ({ sending }) => sending.file.type || "-" },
          { id: "size", header: "Size", cell: ({ sending }) => bytes(sending.file.size) },
          { id: "status", header: "Status", width: 320, cell: (row) => <Status row={row} /> },
        ]}
      />
    </Page>
  );
}

function Status({ row }: { row: Row }) {
  const { size } = row.sending.file;
  if (row.state === "sent") return <StatusIndicator type="success">Succeeded</StatusIndicator>;
  if (row.state === "failed") return <StatusIndicator type="error">{row.problem}</StatusIndicator>;
  if (row.state === "waiting") return <StatusIndicator type="pending">Waiting</StatusIndicator>;
  const percent = size ? (row.sent / size) * 100 : 0;
  if (row.state === "stopped") return <StatusIndicator type="stopped">Stopped at {Math.floor(percent)} %</StatusIndicator>;
  return <ProgressBar value={percent} ariaLabel={`Uploading ${row.sending.key}`} additionalInfo={`${bytes(row.sent)} of ${bytes(size)}`} />;
}
