// SNS, as the pages need it.
import { ListTopicsCommand, SNSClient } from "@aws-sdk/client-sns";
import { client } from "./client";

export const sns = (): SNSClient => client(SNSClient);

const TOPICS_MAX = 10_000;

/** The ARNs of the region's topics: up to 10,000 of them. */
export async function listTopics(): Promise<string[]> {
  const found: string[] = [];
  let NextToken: string | undefined;
  do {
    const got = await sns().send(new ListTopicsCommand({ NextToken }));
    found.push(...(got.Topics ?? []).map(({ TopicArn = "" }) => TopicArn));
    NextToken = got.NextToken;
  } while (NextToken && found.length < TOPICS_MAX);
  return found;
}

export const topicName = (arn: string): string => arn.split(":").pop() ?? "";
