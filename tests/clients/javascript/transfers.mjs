// Uploads from a stream in signed chunks and as a buffer, reads back, and follows presigned links; says what came of it.
import { createRequire } from "node:module";
import { Readable } from "node:stream";

const require = createRequire(process.cwd() + "/");
const { S3Client, PutObjectCommand, GetObjectCommand, CreateBucketCommand } = require("@aws-sdk/client-s3");
const { getSignedUrl } = require("@aws-sdk/s3-request-presigner");
const [, , endpoint] = process.argv;
const credentials = { accessKeyId: "test", secretAccessKey: "test" };
const s3 = new S3Client({ endpoint, region: "us-east-1", credentials, maxAttempts: 1, forcePathStyle: true });
const Bucket = "javascript-transfers";
await s3.send(new CreateBucketCommand({ Bucket }));

const data = Buffer.alloc(200_000, "outfall ");
const told = {};
for (const [name, Body, more] of [
  ["buffer", data, {}],
  ["stream", Readable.from([data.subarray(0, 70_000), data.subarray(70_000)]), { ContentLength: data.length }],
  ["sha256", data, { ChecksumAlgorithm: "SHA256" }],
]) {
  const put = await s3.send(new PutObjectCommand({ Bucket, Key: name, Body, ...more }));
  const got = await s3.send(new GetObjectCommand({ Bucket, Key: name }));
  const back = Buffer.from(await got.Body.transformToByteArray());
  told[name] = [put.$metadata.httpStatusCode, back.equals(data)];
}

const put = await getSignedUrl(s3, new PutObjectCommand({ Bucket, Key: "a b/ü+c" }), { expiresIn: 60 });
told.linkPut = (await fetch(put, { method: "PUT", body: data })).status;
const get = await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key: "a b/ü+c" }), { expiresIn: 60 });
const answer = await fetch(get);
told.linkGet = [answer.status, Buffer.from(await answer.arrayBuffer()).equals(data)];
const signature = /X-Amz-Signature=([0-9a-f]{64})/.exec(get)[1];
const flipped = (signature[0] === "0" ? "1" : "0") + signature.slice(1);
told.linkFlipped = (await fetch(get.replace(signature, flipped))).status;
told.linkOther = (await fetch(get.replace("%2Bc", "%2Bd"))).status;
console.log(JSON.stringify(told));
