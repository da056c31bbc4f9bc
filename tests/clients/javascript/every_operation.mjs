// Sends every operation that it is told of, and says what each was answered: {operation: [status, code]}.
// Called with a file of [{service, operation, input}] and an endpoint.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(process.cwd() + "/");
const [, , file, endpoint] = process.argv;
const credentials = { accessKeyId: "test", secretAccessKey: "test" };
const settings = { endpoint, region: "us-east-1", credentials, maxAttempts: 1, forcePathStyle: true };
const clients = {};

function client(service) {
  const sdk = require(`@aws-sdk/client-${service}`);
  clients[service] ??= new (Object.entries(sdk).find(([name]) => /^[A-Za-z0-9]+Client$/.test(name) && name !== "__Client")[1])(settings);
  return [clients[service], sdk];
}

function revived(value) {
  if (Array.isArray(value)) return value.map(revived);
  if (value === null || typeof value !== "object") return value;
  if ("$bytes" in value) return Buffer.from(value.$bytes, "base64");
  if ("$date" in value) return new Date(value.$date);
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, revived(one)]));
}

const answers = {};
for (const { service, operation, input } of JSON.parse(readFileSync(file, "utf8"))) {
  const [sender, sdk] = client(service);
  const told = `${service}:${operation}`;
  try {
    const answer = await sender.send(new sdk[`${operation}Command`](revived(input)));
    answers[told] = [answer.$metadata.httpStatusCode, ""];
  } catch (error) {
    answers[told] = [error.$metadata?.httpStatusCode ?? 0, error.name, String(error.message).slice(0, 200)];
  }
}
console.log(JSON.stringify(answers));
