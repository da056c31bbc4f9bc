// The account whose keys are in use.
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { client } from "./client";

export async function account(): Promise<string> {
  return (await client(STSClient).send(new GetCallerIdentityCommand({}))).Account ?? "";
}
