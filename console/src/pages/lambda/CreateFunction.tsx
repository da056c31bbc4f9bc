// A new function: from scratch or from a blueprint with an S3 trigger, with the role that AWS's console makes.
import { CreateFunctionCommand, type Runtime } from "@aws-sdk/client-lambda";
import { ListRolesCommand } from "@aws-sdk/client-iam";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Form from "@cloudscape-design/components/form";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import RadioGroup from "@cloudscape-design/components/radio-group";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Tiles from "@cloudscape-design/components/tiles";
import { useState } from "react";
import { useNavigate, useSearchParams } from "react-router-dom";
import { useFlash } from "../../app/flash";
import { segment } from "../../app/routes";
import { settings } from "../../app/settings";
import { account } from "../../aws/account";
import { createExecutionRole, iam } from "../../aws/iam";
import { lambda, ready, RUNTIMES } from "../../aws/lambda";
import { addS3Trigger } from "../../aws/trigger";
import { pack, toBytes } from "../../aws/zip";
import { useLoad } from "../../live/load";
import { Buttons, Page } from "../../parts/Page";
import { BLUEPRINTS, scratch } from "./blueprints";
import { missing, S3_TRIGGER, S3TriggerForm } from "./S3TriggerForm";

export default function CreateFunction() {
  const [parameters] = useSearchParams();
  const [way, setWay] = useState(parameters.get("way") === "blueprint" ? "blueprint" : "scratch");
  const [blueprint, setBlueprint] = useState(BLUEPRINTS[0]!);
  const [name, setName] = useState("");
  const [runtime, setRuntime] = useState("python3.12");
  const [roleWay, setRoleWay] = useState("new");
  const [role, setRole] = useState("");
  const [trigger, setTrigger] = useState(S3_TRIGGER);
  const [refused, setRefused] = useState("");
  const [busy, setBusy] = useState("");
  const navigate = useNavigate();
  const flash = useFlash();
  const roles = useLoad(async () => (await iam().send(new ListRolesCommand({ MaxItems: 1000 }))).Roles ?? [], []);
  const fromBlueprint = way === "blueprint";

  const create = async () => {
    const problem = /^[\w-]{1,64}$/.test(name) ? "" : "A name has up to 64 letters, digits, hyphens and underscores.";
    setRefused(problem);
    if (problem) return;
    const lacking = fromBlueprint ? missing(trigger) : roleWay === "existing" && !role ? "Choose a role." : "";
    if (lacking) {
      flash.failure(lacking, "Something is missing");
      return;
    }
    try {
      const begin = fromBlueprint ? blueprint : { ...scratch(runtime), runtime };
      const { region } = settings();
      const id = await account();
      setBusy("Creating the execution role");
      const Role = roleWay === "new" ? await createExecutionRole(name, region, id) : role;
      setBusy("Creating the function");
      const made = await lambda().send(
        new CreateFunctionCommand({
          FunctionName: name,
          Runtime: begin.runtime as Runtime,
          Handler: begin.handler,
          Role,
          Code: { ZipFile: await pack({ [begin.file]: toBytes(begin.source) }) },
        }),
      );
      await ready(name);
      if (fromBlueprint) {
        setBusy("Adding the trigger");
        await addS3Trigger({ ...trigger, name, functionArn: made.FunctionArn ?? "", account: id });
      }
      flash.done(`Successfully created the function ${name}.`, `/lambda/functions/${segment(name)}`);
    } catch (error) {
      flash.failure(error, "The function was not created");
    }
    setBusy("");
  };

  return (
    <Page title="Create function" description="Choose one of the following options to create your function.">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void create();
        }}
      >
        <Form
          actions={
            <Buttons>
              <Button variant="link" formAction="none" onClick={() => navigate("/lambda/functions")}>
                Cancel
              </Button>
              <Button variant="primary" loading={busy !== ""} loadingText={busy}>
                Create function
              </Button>
            </Buttons>
          }
        >
          <SpaceBetween size="l">
            <Tiles
              value={way}
              ariaLabel="How to begin"
              onChange={({ detail }) => setWay(detail.value)}
              items={[
                { value: "scratch", label: "Author from scratch", description: "Start with a simple Hello World example." },
                { value: "blueprint", label: "Use a blueprint", description: "Start with sample code and a trigger for it." },
              ]}
            />
            <Container header={<Header variant="h2">Basic information</Header>}>
              <SpaceBetween size="m">
                {fromBlueprint && (
                  <FormField label="Blueprint name">
                    <Select
                      selectedOption={{ value: blueprint.id, label: blueprint.name, description: blueprint.description }}
                      options={BLUEPRINTS.map((one) => ({ value: one.id, label: one.name, description: one.description }))}
                      onChange={({ detail }) => setBlueprint(BLUEPRINTS.find(({ id }) => id === detail.selectedOption.value) ?? blueprint)}
                    />
                  </FormField>
                )}
                <FormField
                  label="Function name"
                  constraintText="Letters, digits, hyphens and underscores, without spaces."
                  errorText={refused}
                >
                  <Input value={name} placeholder="myFunctionName" autoFocus spellcheck={false} onChange={({ detail }) => setName(detail.value)} />
                </FormField>
                <FormField label="Runtime" description="The language to write your function in.">
                  <Select
                    disabled={fromBlueprint}
                    selectedOption={{ value: fromBlueprint ? blueprint.runtime : runtime }}
                    options={RUNTIMES.map((value) => ({ value }))}
                    onChange={({ detail }) => setRuntime(detail.selectedOption.value ?? runtime)}
                  />
                </FormField>
                <FormField label="Execution role" description="The role that defines the permissions of your function.">
                  <RadioGroup
                    value={roleWay}
                    ariaLabel="Execution role"
                    onChange={({ detail }) => setRoleWay(detail.value)}
                    items={[
                      {
                        value: "new",
                        label: "Create a new role with basic Lambda permissions",
                        description: "It may write logs, and nothing else.",
                      },
                      { value: "existing", label: "Use an existing role" },
                    ]}
                  />
                </FormField>
                {roleWay === "existing" && (
                  <FormField label="Existing role">
                    <Select
                      selectedOption={role ? { value: role, label: role.split("/").pop() } : null}
                      placeholder="Choose a role"
                      empty="There is no role yet"
                      filteringType="auto"
                      options={(roles.data ?? []).map(({ Arn, RoleName }) => ({ value: Arn ?? "", label: RoleName }))}
                      onChange={({ detail }) => setRole(detail.selectedOption.value ?? "")}
                    />
                  </FormField>
                )}
              </SpaceBetween>
            </Container>
            {fromBlueprint && (
              <Container header={<Header variant="h2">S3 trigger</Header>}>
                <S3TriggerForm fields={trigger} onChange={setTrigger} />
              </Container>
            )}
          </SpaceBetween>
        </Form>
      </form>
    </Page>
  );
}
