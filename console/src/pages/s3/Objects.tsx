// The objects of a bucket, a page of the server's list at a time, so that a bucket may have any number of them.
import { DeleteObjectsCommand, GetObjectCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import Pagination from "@cloudscape-design/components/pagination";
import Table from "@cloudscape-design/components/table";
import TextFilter from "@cloudscape-design/components/text-filter";
import { useEffect, useState } from "react";
import { useNavigate } from "react-router-dom";
import { useFlash } from "../../app/flash";
import { segment } from "../../app/routes";
import { s3 } from "../../aws/s3";
import { useLoad } from "../../live/load";
import { Confirm } from "../../parts/Confirm";
import { bytes, count, dateTime } from "../../parts/format";
import { Buttons } from "../../parts/Page";
import { ObjectDialog } from "./ObjectDialog";

export interface Row {
  key: string;
  folder: boolean;
  size?: number;
  modified?: Date;
  storage?: string;
  etag?: string;
}

const PAGE = 50;
const OPENED_MAX = 100 * 1024 * 1024;

export function Objects({ bucket }: { bucket: string }) {
  const [folder, setFolder] = useState("");
  const [sought, setSought] = useState("");
  const [prefix, setPrefix] = useState("");
  const [tokens, setTokens] = useState<(string | undefined)[]>([undefined]);
  const [chosen, setChosen] = useState<Row[]>([]);
  const [deleting, setDeleting] = useState(false);
  const [opened, setOpened] = useState<Row>();
  const navigate = useNavigate();
  const flash = useFlash();
  useEffect(() => {
    const timer = setTimeout(() => {
      setPrefix(folder + sought);
      setTokens([undefined]);
    }, 200);
    return () => clearTimeout(timer);
  }, [folder, sought]);

  const token = tokens[tokens.length - 1];
  const page = useLoad(() => readPage(bucket, prefix, token), [bucket, prefix, token], { every_ms: 5000, onFacts: true });
  const rows = page.data?.rows ?? [];

  const enter = (key: string) => {
    setFolder(key);
    setSought("");
    setChosen([]);
  };
  const remove = async () => {
    const Objects = chosen.map(({ key }) => ({ Key: key }));
    const told = await s3().send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects } }));
    const failed = told.Errors?.[0];
    if (failed) throw new Error(`${failed.Key}: ${failed.Message}`);
    flash.success(`${count(Objects.length, "object")} deleted.`);
    setChosen([]);
    await page.reload();
  };
  const download = async () => {
    const row = chosen[0];
    if (!row) return;
    try {
      await save(bucket, row);
    } catch (error) {
      flash.failure(error, "The object was not downloaded");
    }
  };

  return (
    <>
      <Table<Row>
        items={rows}
        trackBy="key"
        loading={page.data === undefined && !page.error}
        loadingText="Reading"
        selectionType="multi"
        selectedItems={chosen}
        isItemDisabled={(row) => row.folder}
        onSelectionChange={({ detail }) => setChosen(detail.selectedItems)}
        enableKeyboardNavigation
        stickyHeader
        ariaLabels={{
          tableLabel: "Objects",
          selectionGroupLabel: "Selection",
          allItemsSelectionLabel: () => "Select all",
          itemSelectionLabel: (_, row) => `Select ${row.key}`,
        }}
        header={
          <Header
            variant="h2"
            counter={page.data ? `(${rows.length}${page.data.next || tokens.length > 1 ? "+" : ""})` : undefined}
            actions={
              <Buttons>
                <Button iconName="refresh" ariaLabel="Refresh" onClick={() => void page.reload()} />
                <Button iconName="download" disabled={chosen.length !== 1 || (chosen[0]?.size ?? 0) > OPENED_MAX} onClick={() => void download()}>
                  Download
                </Button>
                <Button disabled={!chosen.length} onClick={() => setDeleting(true)}>
                  Delete
                </Button>
                <Button variant="primary" iconName="upload" onClick={() => navigate(`/s3/upload/${segment(bucket)}?prefix=${segment(folder)}`)}>
                  Upload
                </Button>
              </Buttons>
            }
          >
            Objects
          </Header>
        }
        filter={
          <TextFilter
            filteringText={sought}
            filteringPlaceholder={folder ? `Find in ${folder} by prefix` : "Find objects by prefix"}
            filteringAriaLabel="Find objects by prefix"
            onChange={({ detail }) => setSought(detail.filteringText)}
          />
        }
        pagination={
          <Pagination
            currentPageIndex={tokens.length}
            pagesCount={tokens.length + (page.data?.next ? 1 : 0)}
            openEnd={page.data?.next !== undefined}
            ariaLabels={{ nextPageLabel: "Next page", previousPageLabel: "Previous page", pageLabel: (n) => `Page ${n}` }}
            onChange={({ detail }) => {
              const to = detail.currentPageIndex;
              setChosen([]);
              setTokens(to > tokens.length ? [...tokens, page.data?.next] : tokens.slice(0, to));
            }}
          />
        }
        empty={
          <Box textAlign="center" color="text-body-secondary" padding={{ vertical: "l" }}>
            {page.error ?? (prefix ? "Nothing has this prefix." : "There is no object in this bucket yet.")}
          </Box>
        }
        columnDefinitions={[
          {
            id: "name",
            header: "Name",
            isRowHeader: true,
            cell: (row) => (
              <Link variant="secondary" onFollow={() => (row.folder ? enter(row.key) : setOpened(row))}>
                {row.key.slice(folder.length)}
              </Link>
            ),
          },
          { id: "type", header: "Type", cell: (row) => (row.folder ? "Folder" : typeOf(row.key)) },
          { id: "modified", header: "Last modified", cell: (row) => dateTime(row.modified) },
          { id: "size", header: "Size", cell: (row) => bytes(row.size) },
          { id: "etag", header: "ETag", cell: (row) => row.etag ?? "-" },
        ]}
        footer={
          folder ? (
            <Button variant="inline-link" iconName="angle-left" onClick={() => enter(folder.replace(/[^/]*\/$/, ""))}>
              Out of {folder}
            </Button>
          ) : undefined
        }
      />
      {opened && <ObjectDialog bucket={bucket} row={opened} onClose={() => setOpened(undefined)} />}
      {deleting && (
        <Confirm title={`Delete ${count(chosen.length, "object")}`} action="Delete objects" word="delete" onConfirm={remove} onClose={() => setDeleting(false)}>
          {chosen.slice(0, 10).map(({ key }) => (
            <div key={key}>{key}</div>
          ))}
          {chosen.length > 10 && `and ${chosen.length - 10} more`}
        </Confirm>
      )}
    </>
  );
}

async function readPage(bucket: string, prefix: string, token: string | undefined): Promise<{ rows: Row[]; next: string | undefined }> {
  const got = await s3().send(
    new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, Delimiter: "/", MaxKeys: PAGE, ContinuationToken: token }),
  );
  const folders = (got.CommonPrefixes ?? []).map(({ Prefix = "" }) => ({ key: Prefix, folder: true }));
  const objects = (got.Contents ?? []).map((one) => ({
    key: one.Key ?? "",
    folder: false,
    size: one.Size,
    modified: one.LastModified,
    storage: one.StorageClass,
    etag: one.ETag,
  }));
  return { rows: [...folders, ...objects], next: got.IsTruncated ? got.NextContinuationToken : undefined };
}

function typeOf(key: string): string {
  return /\.([A-Za-z0-9]{1,8})$/.exec(key)?.[1] ?? "-";
}

async function save(bucket: string, row: Row): Promise<void> {
  const got = await s3().send(new GetObjectCommand({ Bucket: bucket, Key: row.key }));
  const bytes = await got.Body?.transformToByteArray();
  const url = URL.createObjectURL(new Blob([(bytes ?? new Uint8Array()) as BlobPart], { type: "application/octet-stream" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = row.key.split("/").pop() || "object";
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
