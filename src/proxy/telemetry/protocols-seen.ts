import type { VerdictLine } from "../detection/verdicts.ts";
import type { MetricFamily } from "./metric-family.ts";

/** Pushed every second, so only the destinations that were used last. */
const DESTINATIONS_MAX = 100;

/** What was seen to be spoken where nobody said it: one series with the value 1 per destination and protocol. */
export function protocolsSeen(lines: readonly VerdictLine[]): MetricFamily {
  return {
    name: "weft_protocol_seen",
    help: "What the first bytes told is spoken at a destination of which nobody said it.",
    type: "gauge",
    metrics: lines.slice(-DESTINATIONS_MAX).flatMap(({ destination, spoken }) =>
      spoken.map((protocol) => ({
        kind: "value" as const,
        labels: [
          ["destination", destination],
          ["protocol", protocol],
        ],
        value: 1,
      })),
    ),
  };
}
