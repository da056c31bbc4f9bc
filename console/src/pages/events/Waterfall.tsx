// Queue time, attempts, waits and delivery as bars. Waits are drawn short, or they would be all that is seen.
import { useServerNow } from "../../live/clock";
import type { EventFact } from "../../live/events";
import { bars, type Bar } from "./story";

const LEAST = 2;

interface WaterfallProps {
  facts: readonly EventFact[];
  /** Draw time as it was. */
  proportional?: boolean;
}

export function Waterfall({ facts, proportional = false }: WaterfallProps) {
  const now = useServerNow();
  const found = bars(facts, now);
  const whole = found.reduce((sum, { ms }) => sum + ms, 0) || 1;
  return (
    <div className="waterfall" role="img" aria-label={found.map(({ title }) => title).join("; ")}>
      {found.map((bar, i) => (
        <span
          key={i}
          className={`bar bar-${bar.tone}${bar.open ? " bar-open" : ""}`}
          title={bar.title}
          style={{ flexGrow: proportional ? Math.max(0.004, bar.ms / whole) * 1000 : weight(bar) }}
        >
          {bar.text}
        </span>
      ))}
    </div>
  );
}

function weight({ ms, tone }: Bar): number {
  const compressed = Math.log10(10 + ms);
  return tone === "wait" ? compressed * 1.6 : LEAST + Math.min(2, compressed / 2);
}
