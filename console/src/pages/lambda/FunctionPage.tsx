// One function: its overview, and all that can be seen and set of it in tabs.
import { DeleteFunctionCommand, GetFunctionConfigurationCommand } from "@aws-sdk/client-lambda";
import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";
import Tabs from "@cloudscape-design/components/tabs";
import Spinner from "@cloudscape-design/components/spinner";
import { lazy, Suspense, useState, type ReactNode } from "react";
import { useSearchParams } from "react-router-dom";
import { useFlash } from "../../app/flash";
import { useParam } from "../../app/params";
import { invokeConfig, lambda, triggers } from "../../aws/lambda";
import { useLoad } from "../../live/load";
import { Confirm } from "../../parts/Confirm";
import { Buttons, Page } from "../../parts/Page";
import type { FunctionState } from "./FunctionState";
import { Overview } from "./Overview";

const TABS = {
  code: ["Code", lazy(() => import("./CodeTab"))],
  test: ["Test", lazy(() => import("./TestTab"))],
  monitor: ["Monitor", lazy(() => import("./MonitorTab"))],
  configuration: ["Configuration", lazy(() => import("./ConfigurationTab"))],
  aliases: ["Aliases", lazy(() => import("./AliasesTab"))],
  versions: ["Versions", lazy(() => import("./VersionsTab"))],
} as const;

export default function FunctionPage() {
  const name = useParam("name");
  const [parameters, setParameters] = useSearchParams();
  const [deleting, setDeleting] = useState(false);
  const flash = useFlash();
  const configuration = useLoad(() => lambda().send(new GetFunctionConfigurationCommand({ FunctionName: name })), [name], {
    every_ms: 5000,
  });
  const config = useLoad(() => invokeConfig(name), [name], { every_ms: 5000 });
  const found = useLoad(() => triggers(name), [name], { every_ms: 5000 });
  const tab = parameters.get("tab") ?? "code";
  const fn: FunctionState = {
    name,
    configuration: configuration.data,
    invoke: config.data,
    triggers: found.data,
    reload: async () => void (await Promise.all([configuration.reload(), config.reload(), found.reload()])),
  };

  const remove = async () => {
    await lambda().send(new DeleteFunctionCommand({ FunctionName: name }));
    flash.done(`The function ${name} was deleted.`, "/lambda/functions");
  };
  return (
    <Page
      title={name}
      reads={[configuration]}
      actions={
        <Buttons>
          <CopyToClipboard
            copyButtonText="Copy ARN"
            copySuccessText="Copied"
            copyErrorText="This browser does not let a page copy"
            textToCopy={configuration.data?.FunctionArn ?? ""}
          />
          <ButtonDropdown items={[{ id: "delete", text: "Delete function" }]} onItemClick={() => setDeleting(true)}>
            Actions
          </ButtonDropdown>
        </Buttons>
      }
    >
      <Overview fn={fn} />
      <Tabs
        ariaLabel="Function"
        activeTabId={tab}
        onChange={({ detail }) => setParameters({ tab: detail.activeTabId })}
        tabs={Object.entries(TABS).map(([id, [label, Tab]]) => ({
          id,
          label,
          contentRenderStrategy: id === "code" || id === "test" ? "lazy" : "active",
          content: (
            <Loading>
              <Tab fn={fn} />
            </Loading>
          ),
        }))}
      />
      {deleting && (
        <Confirm title={`Delete ${name}`} action="Delete" word="confirm" onConfirm={remove} onClose={() => setDeleting(false)}>
          The function, its versions and aliases will be gone. Its role, logs and events stay.
        </Confirm>
      )}
    </Page>
  );
}

function Loading({ children }: { children: ReactNode }) {
  return <Suspense fallback={<Spinner size="large" />}>{children}</Suspense>;
}
