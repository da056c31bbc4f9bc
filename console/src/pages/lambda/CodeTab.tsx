// The code of a function: its files, an editor, and Deploy.
import { GetFunctionCommand, UpdateFunctionCodeCommand } from "@aws-sdk/client-lambda";
import Alert from "@cloudscape-design/components/alert";
import Badge from "@cloudscape-design/components/badge";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import { lazy, Suspense, useEffect, useState } from "react";
import { useSearchParams } from "react-router-dom";
import { useFlash } from "../../app/flash";
import { lambda, ready } from "../../aws/lambda";
import { isText, pack, toBytes, toText, unpack, type Files } from "../../aws/zip";
import { useLoad } from "../../live/load";
import { bytes, count } from "../../parts/format";
import { Buttons, ReadFailed } from "../../parts/Page";
import { Values } from "../../parts/Value";
import type { TabProps } from "./FunctionState";

const Editor = lazy(() => import("./Editor"));
const ARCHIVE_SIZE_MAX = 50 * 1024 * 1024;

export default function CodeTab({ fn }: TabProps) {
  const flash = useFlash();
  const [, setParameters] = useSearchParams();
  const sha = fn.configuration?.CodeSha256 ?? "";
  const archive = useLoad(async () => (sha ? readCode(fn.name) : undefined), [fn.name, sha]);
  const [edited, setEdited] = useState<Record<string, string>>({});
  const [file, setFile] = useState("");
  const [busy, setBusy] = useState(false);

  const files = archive.data ?? {};
  const names = Object.keys(files).sort();
  const main = mainFile(fn.configuration?.Handler ?? "", names);
  const shown = names.includes(file) ? file : main;
  const data = files[shown];
  const text = edited[shown] ?? (data && isText(data) ? toText(data) : undefined);
  const changed = Object.entries(edited).filter(([name, now]) => files[name] && toText(files[name]) !== now);
  useEffect(() => setEdited({}), [fn.name]);
  useEffect(() => {
    if (!changed.length) return undefined;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, [changed.length]);

  const deploy = async () => {
    setBusy(true);
    try {
      const now: Files = { ...files };
      for (const [name, source] of changed) now[name] = toBytes(source);
      await lambda().send(new UpdateFunctionCodeCommand({ FunctionName: fn.name, ZipFile: await pack(now) }));
      await ready(fn.name);
      await fn.reload();
      setEdited({});
      flash.success(`Successfully updated the function ${fn.name}.`);
    } catch (error) {
      flash.failure(error, "The code was not deployed");
    }
    setBusy(false);
  };

  return (
    <SpaceBetween size="l">
      {archive.error && <ReadFailed read={archive} />}
      <Container
        header={
          <Header
            variant="h2"
            actions={
              <Buttons>
                {changed.length > 0 && <Badge color="blue">Undeployed changes</Badge>}
                <Button onClick={() => setParameters({ tab: "test" })}>Test</Button>
                <Button variant="primary" disabled={!changed.length} loading={busy} loadingText="Deploying" onClick={() => void deploy()}>
                  Deploy
                </Button>
              </Buttons>
            }
          >
            Code source
          </Header>
        }
      >
        <SpaceBetween size="s">
          {names.length > 1 && (
            <FormField label="File">
              <Select
                selectedOption={{ value: shown, label: shown }}
                filteringType={names.length > 15 ? "auto" : "none"}
                options={names.slice(0, 2000).map((value) => ({ value, label: value, tags: edited[value] === undefined ? [] : ["changed"] }))}
                onChange={({ detail }) => setFile(detail.selectedOption.value ?? "")}
              />
            </FormField>
          )}
          {archive.data === undefined && !archive.error && <Spinner size="large" />}
          {data && text === undefined && <Alert type="info">{`${shown} is no text, or too long to be edited here (${bytes(data.length)}).`}</Alert>}
          {text !== undefined && (
            <Suspense fallback={<Spinner size="large" />}>
              <Editor key={`${fn.name} ${shown}`} name={shown} text={text} onChange={(now) => setEdited((all) => ({ ...all, [shown]: now }))} />
            </Suspense>
          )}
        </SpaceBetween>
      </Container>
      <Container header={<Header variant="h2">Code properties</Header>}>
        <Values
          items={[
            ["Package size", fn.configuration && `${bytes(fn.configuration.CodeSize)} (${count(names.length, "file")})`],
            ["SHA256 hash", sha],
            ["Handler", fn.configuration?.Handler],
            ["Runtime", fn.configuration?.Runtime],
            ["Architecture", fn.configuration?.Architectures?.join(", ")],
            ["Last modified", fn.configuration?.LastModified],
          ]}
        />
      </Container>
    </SpaceBetween>
  );
}

/** The files of a function; by way of this page's own server, under whatever name it is known. */
async function readCode(name: string): Promise<Files> {
  const { Code } = await lambda().send(new GetFunctionCommand({ FunctionName: name }));
  const { pathname, search } = new URL(Code?.Location ?? "", window.location.origin);
  const answer = await fetch(pathname + search);
  if (!answer.ok) throw new Error(`The code could not be read: the server answered ${answer.status}.`);
  const archive = new Uint8Array(await answer.arrayBuffer());
  if (archive.length > ARCHIVE_SIZE_MAX) throw new Error(`The package is too large to be edited here (${bytes(archive.length)}).`);
  return unpack(archive);
}

function mainFile(handler: string, names: string[]): string {
  const stem = handler.split(".")[0] ?? "";
  return names.find((name) => name.replace(/\.[^./]+$/, "") === stem) ?? names[0] ?? "";
}
