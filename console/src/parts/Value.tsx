// Names and values, in columns.
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import type { ReactNode } from "react";

export function Values({ items, columns = 3 }: { items: [string, ReactNode][]; columns?: number }) {
  return <KeyValuePairs columns={columns} items={items.map(([label, value]) => ({ label, value: value ?? "-" }))} />;
}
