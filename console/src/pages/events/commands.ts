// The same event as something to paste: a command, a few lines of Python, a test.

export type Way = "cli" | "boto3" | "pytest";

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** What sends an event to a function. */
export function commands(way: Way, functionArn: string, payload: string): string {
  const name = functionArn.split(":").slice(6).join(":");
  const compact = compacted(payload);
  if (way === "cli") {
    return [
      "aws lambda invoke",
      `--endpoint-url ${window.location.origin}`,
      `--function-name ${quoted(name)}`,
      "--invocation-type Event",
      "--cli-binary-format raw-in-base64-out",
      `--payload ${quoted(compact)}`,
      "/dev/null",
    ].join(" \\\n  ") + "\n";
  }
  const raw = compact.includes("'''") ? JSON.stringify(compact) : `r'''${compact}'''`;
  const invoke = (client: string) => [
    `${client}.invoke(FunctionName=${JSON.stringify(name)}, InvocationType="Event", Payload=PAYLOAD)`,
  ];
  if (way === "boto3") {
    return [
      "import boto3",
      "",
      `PAYLOAD = ${raw}`,
      `client = boto3.client("lambda", endpoint_url=${JSON.stringify(window.location.origin)})`,
      ...invoke("client"),
      "",
    ].join("\n");
  }
  return [
    `PAYLOAD = ${raw}`,
    "",
    "",
    "def test_event(outfall):",
    '    """`outfall` is the fixture of outfall.testing; make the function and its role first."""',
    `    client = outfall.client("lambda")`,
    ...invoke("client").map((line) => `    answer = ${line}`),
    '    assert answer["StatusCode"] == 202',
    "    outfall.run_until_idle()",
    "",
  ].join("\n");
}

function compacted(payload: string): string {
  try {
    return JSON.stringify(JSON.parse(payload));
  } catch {
    return payload;
  }
}

/** Puts text on the clipboard, also where a page has no right to: not every server is on localhost. */
export async function copy(text: string): Promise<void> {
  if (window.isSecureContext) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  if (!copied) throw new Error("The browser refused.");
}
