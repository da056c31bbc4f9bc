// What a new function begins with.

export interface Blueprint {
  id: string;
  name: string;
  description: string;
  runtime: string;
  handler: string;
  file: string;
  source: string;
}

const PYTHON_S3 = `import json
import urllib.parse


def lambda_handler(event, context):
    """Called for every object that comes into the bucket."""
    for record in event.get("Records", []):
        bucket = record["s3"]["bucket"]["name"]
        key = urllib.parse.unquote_plus(record["s3"]["object"]["key"])
        print(f"s3://{bucket}/{key} came in, {record['s3']['object'].get('size')} bytes")
    return {"statusCode": 200, "body": json.dumps("Hello from Lambda!")}
`;

const NODE_S3 = `export const handler = async (event) => {
  for (const { s3 } of event.Records ?? []) {
    const key = decodeURIComponent(s3.object.key.replace(/\\+/g, " "));
    console.log(\`s3://\${s3.bucket.name}/\${key} came in, \${s3.object.size} bytes\`);
  }
  return { statusCode: 200, body: JSON.stringify("Hello from Lambda!") };
};
`;

export const BLUEPRINTS: readonly Blueprint[] = [
  {
    id: "s3-python",
    name: "Process uploads to S3",
    description: "python3.12: told of every object that comes into a bucket",
    runtime: "python3.12",
    handler: "lambda_function.lambda_handler",
    file: "lambda_function.py",
    source: PYTHON_S3,
  },
  {
    id: "s3-node",
    name: "Process uploads to S3",
    description: "nodejs22.x: told of every object that comes into a bucket",
    runtime: "nodejs22.x",
    handler: "index.handler",
    file: "index.mjs",
    source: NODE_S3,
  },
];

const PYTHON = `import json


def lambda_handler(event, context):
    return {"statusCode": 200, "body": json.dumps("Hello from Lambda!")}
`;

const NODE = `export const handler = async (event) => {
  return { statusCode: 200, body: JSON.stringify("Hello from Lambda!") };
};
`;

const SHELL = `#!/bin/sh
# The runtime itself: asks for an event, answers it, and asks again.
set -eu
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
while true; do
  headers=$(mktemp)
  event=$(curl -sS -D "$headers" "$api/next")
  id=$(tr -d '\\r' < "$headers" | sed -n 's/^[Ll]ambda-[Rr]untime-[Aa]ws-[Rr]equest-[Ii]d: //p')
  curl -sS -X POST "$api/$id/response" -d "$event"
done
`;

/** What a function written from scratch begins with. */
export function scratch(runtime: string): Pick<Blueprint, "handler" | "file" | "source"> {
  if (runtime.startsWith("python")) return { handler: "lambda_function.lambda_handler", file: "lambda_function.py", source: PYTHON };
  if (runtime.startsWith("nodejs")) return { handler: "index.handler", file: "index.mjs", source: NODE };
  return { handler: "bootstrap", file: "bootstrap", source: SHELL };
}
