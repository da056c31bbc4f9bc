// What the tabs of EventBridge share: the choice of a bus, and a pattern to begin with.
import Select from "@cloudscape-design/components/select";
import type { EventBus } from "@aws-sdk/client-eventbridge";

export interface BusProps {
  buses: readonly EventBus[];
  bus: string;
  chooseBus: (name: string) => void;
}

export const PATTERN = '{\n  "source": ["my.app"],\n  "detail-type": ["order placed"]\n}';

/** A list of buses. */
export function ChooseBus({ buses, bus, chooseBus, label }: BusProps & { label?: string }) {
  return (
    <Select
      ariaLabel={label}
      selectedOption={{ value: bus }}
      options={buses.map(({ Name }) => ({ value: Name }))}
      onChange={({ detail }) => chooseBus(detail.selectedOption.value ?? "default")}
    />
  );
}
