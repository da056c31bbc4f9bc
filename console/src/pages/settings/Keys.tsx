// In whose name this browser asks.
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import Button from "@cloudscape-design/components/button";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { useFlash } from "../../app/flash";
import { change, settings } from "../../app/settings";
import { client } from "../../aws/client";
import { useLoad } from "../../live/load";
import { Buttons } from "../../parts/Page";
import { Values } from "../../parts/Value";

export function Keys() {
  const { accessKeyId, secretAccessKey } = settings();
  const [id, setId] = useState(accessKeyId);
  const [secret, setSecret] = useState(secretAccessKey);
  const flash = useFlash();
  const who = useLoad(() => client(STSClient).send(new GetCallerIdentityCommand({})), [accessKeyId, secretAccessKey]);
  const use = (accessKey: string, secretKey: string) => {
    change({ accessKeyId: accessKey, secretAccessKey: secretKey });
    flash.success("This browser asks with these keys from now on.");
  };
  return (
    <Container
      header={
        <Header
          variant="h2"
          description="Requests of this browser are signed with these keys. Those of a user are held to the user's policies."
          actions={
            <Buttons>
              <Button onClick={() => use("test", "test")}>Back to root</Button>
              <Button disabled={!id || !secret} onClick={() => use(id, secret)}>
                Use these keys
              </Button>
            </Buttons>
          }
        >
          Credentials
        </Header>
      }
    >
      <SpaceBetween size="m">
        <Values
          columns={2}
          items={[
            ["Caller", who.error ?? who.data?.Arn],
            ["Account", who.data?.Account],
          ]}
        />
        <ColumnLayout columns={2}>
          <FormField label="Access key ID">
            <Input value={id} spellcheck={false} autoComplete={false} onChange={({ detail }) => setId(detail.value)} />
          </FormField>
          <FormField label="Secret access key">
            <Input type="password" value={secret} autoComplete={false} onChange={({ detail }) => setSecret(detail.value)} />
          </FormField>
        </ColumnLayout>
      </SpaceBetween>
    </Container>
  );
}
