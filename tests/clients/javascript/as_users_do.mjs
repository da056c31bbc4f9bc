// AWS SDK for JavaScript v3: uploads, streams, presigned URLs, queues, topics, functions and their errors.
import assert from "node:assert/strict";
import { CreateBucketCommand, DeleteObjectsCommand, GetObjectCommand, HeadObjectCommand, ListObjectsV2Command,
  NoSuchKey, PutObjectCommand, S3Client, paginateListObjectsV2, waitUntilObjectExists } from "@aws-sdk/client-s3";
import { CreateQueueCommand, DeleteMessageBatchCommand, QueueDoesNotExist, ReceiveMessageCommand,
  SQSClient, SendMessageBatchCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import { CreateTopicCommand, PublishCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { GetFunctionCommand, LambdaClient, ResourceNotFoundException } from "@aws-sdk/client-lambda";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { Upload } from "@aws-sdk/lib-storage";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { Readable } from "node:stream";

const s3 = new S3Client({ forcePathStyle: true });
const sqs = new SQSClient({});
const sns = new SNSClient({});

await s3.send(new CreateBucketCommand({ Bucket: "javascript" }));
await s3.send(new PutObjectCommand({ Bucket: "javascript", Key: "a b/ü+%.txt", Body: "hello", Metadata: { owner: "me" } }));
await waitUntilObjectExists({ client: s3, minDelay: 1, maxWaitTime: 60 }, { Bucket: "javascript", Key: "a b/ü+%.txt" });
const got = await s3.send(new GetObjectCommand({ Bucket: "javascript", Key: "a b/ü+%.txt", ChecksumMode: "ENABLED" }));
assert.equal(await got.Body.transformToString(), "hello");
assert.deepEqual(got.Metadata, { owner: "me" });
await assert.rejects(s3.send(new GetObjectCommand({ Bucket: "javascript", Key: "nothing" })), NoSuchKey);

// A stream of unknown length goes up in parts.
const large = Buffer.alloc(12 * 1024 * 1024, "outfall");
const upload = new Upload({ client: s3, params: { Bucket: "javascript", Key: "large", Body: Readable.from([large]) } });
await upload.done();
const head = await s3.send(new HeadObjectCommand({ Bucket: "javascript", Key: "large", ChecksumMode: "ENABLED" }));
assert.equal(head.ContentLength, large.length);
const back = Buffer.from(await (await s3.send(new GetObjectCommand({ Bucket: "javascript", Key: "large" }))).Body.transformToByteArray());
assert.ok(back.equals(large));

const put = await getSignedUrl(s3, new PutObjectCommand({ Bucket: "javascript", Key: "signed" }), { expiresIn: 60 });
assert.equal((await fetch(put, { method: "PUT", body: "by url" })).status, 200);
const get = await getSignedUrl(s3, new GetObjectCommand({ Bucket: "javascript", Key: "signed" }), { expiresIn: 60 });
assert.equal(await (await fetch(get)).text(), "by url");

const keys = [];
for await (const page of paginateListObjectsV2({ client: s3, pageSize: 2 }, { Bucket: "javascript" })) {
  keys.push(...(page.Contents ?? []).map((one) => one.Key));
}
assert.deepEqual(keys, ["a b/ü+%.txt", "large", "signed"]);
await s3.send(new DeleteObjectsCommand({ Bucket: "javascript", Delete: { Objects: keys.map((Key) => ({ Key })) } }));
assert.equal((await s3.send(new ListObjectsV2Command({ Bucket: "javascript" }))).KeyCount, 0);

const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "js" }));
const MessageAttributes = { n: { DataType: "Number", StringValue: "1" }, b: { DataType: "Binary", BinaryValue: Buffer.from([1, 2]) } };
await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "hällo", MessageAttributes }));
const Entries = [...Array(9).keys()].map((n) => ({ Id: `m${n}`, MessageBody: `body ${n}` }));
assert.equal((await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }))).Successful.length, 9);
const messages = [];
while (messages.length < 10) {
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand(
    { QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 2, MessageAttributeNames: ["All"] }));
  messages.push(...Messages);
}
assert.deepEqual(messages.find((one) => one.Body === "hällo").MessageAttributes.n.StringValue, "1");
const gone = messages.map((one, n) => ({ Id: `${n}`, ReceiptHandle: one.ReceiptHandle }));
assert.equal((await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries: gone }))).Successful.length, 10);
await assert.rejects(
  sqs.send(new SendMessageCommand({ QueueUrl: `${QueueUrl}-not-there`, MessageBody: "x" })), QueueDoesNotExist);

const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: "js" }));
await sns.send(new SubscribeCommand({ TopicArn, Protocol: "sqs", Endpoint: "arn:aws:sqs:us-east-1:000000000000:js", Attributes: { RawMessageDelivery: "true" } }));
assert.ok((await sns.send(new PublishCommand({ TopicArn, Message: "told" }))).MessageId);
const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }));
assert.equal(Messages[0].Body, "told");

await assert.rejects(new LambdaClient({}).send(new GetFunctionCommand({ FunctionName: "nothing" })), ResourceNotFoundException);
assert.equal((await new STSClient({}).send(new GetCallerIdentityCommand({}))).Account, "000000000000");
console.log("done");
