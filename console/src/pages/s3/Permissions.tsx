// The bucket's own policy.
import { DeleteBucketPolicyCommand, GetBucketPolicyCommand, PutBucketPolicyCommand } from "@aws-sdk/client-s3";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Textarea from "@cloudscape-design/components/textarea";
import { useState } from "react";
import { useFlash } from "../../app/flash";
import { isCalled } from "../../aws/problem";
import { s3 } from "../../aws/s3";
import { useLoad } from "../../live/load";
import { Code } from "../../parts/Code";
import { pretty } from "../../parts/format";
import { Buttons } from "../../parts/Page";

export function Permissions({ bucket }: { bucket: string }) {
  const policy = useLoad(() => readPolicy(bucket), [bucket]);
  const [edited, setEdited] = useState<string>();
  const flash = useFlash();
  const save = async () => {
    try {
      const Policy = edited?.trim();
      await (Policy
        ? s3().send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }))
        : s3().send(new DeleteBucketPolicyCommand({ Bucket: bucket })));
      flash.success(Policy ? "The bucket policy was saved." : "The bucket policy was removed.");
      setEdited(undefined);
      await policy.reload();
    } catch (error) {
      flash.failure(error, "The bucket policy was not saved");
    }
  };
  return (
    <Container
      header={
        <Header
          variant="h2"
          description="Who may do what with this bucket and its objects, beside what IAM policies allow."
          actions={
            edited === undefined ? (
              <Button onClick={() => setEdited(pretty(policy.data ?? ""))}>Edit</Button>
            ) : (
              <Buttons>
                <Button variant="link" onClick={() => setEdited(undefined)}>
                  Cancel
                </Button>
                <Button variant="primary" onClick={() => void save()}>
                  Save changes
                </Button>
              </Buttons>
            )
          }
        >
          Bucket policy
        </Header>
      }
    >
      {edited !== undefined ? (
        <FormField label="Policy" description="JSON; empty removes it." stretch>
          <Textarea value={edited} rows={16} spellcheck={false} onChange={({ detail }) => setEdited(detail.value)} />
        </FormField>
      ) : policy.data ? (
        <Code text={policy.data} label="Copy the policy" />
      ) : (
        <Box color="text-body-secondary">{policy.error ?? "This bucket has no policy."}</Box>
      )}
    </Container>
  );
}

async function readPolicy(bucket: string): Promise<string> {
  try {
    return (await s3().send(new GetBucketPolicyCommand({ Bucket: bucket }))).Policy ?? "";
  } catch (error) {
    if (isCalled(error, "NoSuchBucketPolicy")) return "";
    throw error;
  }
}
