// Whom a role trusts, in a line.

interface Document {
  Statement?: { Principal?: string | Record<string, string | string[]> }[];
}

/** The principals of a trust policy, as it comes: percent-encoded JSON. */
export function trusted(document: string | undefined): string {
  try {
    const { Statement = [] } = JSON.parse(decodeURIComponent(document ?? "{}")) as Document;
    const names = Statement.flatMap(({ Principal = {} }) =>
      typeof Principal === "string" ? [Principal] : Object.entries(Principal).flatMap(([kind, who]) => [who].flat().map((one) => said(kind, one))),
    );
    return names.join(", ") || "-";
  } catch {
    return "-";
  }
}

function said(kind: string, who: string): string {
  if (kind === "Service") return `AWS Service: ${who.replace(".amazonaws.com", "")}`;
  return `${kind}: ${who}`;
}
