import type { AttackFigures } from "./run-attacks.ts";

export interface Verdict {
  /** Every figure holds. */
  readonly holds: boolean;
  /** `holds`, or what does not. */
  readonly words: string;
}

/** The figures that an attack is judged by. */
export const FIGURES = {
  /** Of the bystanders' usual p99. */
  p99Factor: 2,
  /** Below this a p99 is as good as any. */
  p99FloorUs: 2_000,
  rssMbPerConnection: 1.048576,
  /** Of the runtime's own heap between two collections, whatever the attack. */
  rssNoiseMb: 16,
  /** What it costs us, of what it costs the attacker. */
  costFactor: 100,
} as const;

/** Less CPU than this cannot be told from none. */
const MEASURABLE_US = 50_000;

export function verdictOn(figures: Omit<AttackFigures, "verdict">): Verdict {
  const { usualP99Us, during, after, connections, rssMb, proxyUs, attackerUs, outcome } = figures;
  const faults: string[] = [];
  const failed = during.failed + after.failed;
  if (failed > 0) faults.push(`${failed} bystanders failed`);
  const p99Max = Math.max(FIGURES.p99FloorUs, FIGURES.p99Factor * usualP99Us);
  if (during.p99Us > p99Max) faults.push(`p99 × ${(during.p99Us / usualP99Us).toFixed(1)}`);
  const allowed = FIGURES.rssNoiseMb + connections * FIGURES.rssMbPerConnection;
  const grown = rssMb.peak - rssMb.before;
  if (grown > allowed) faults.push(`${(grown / connections).toFixed(1)} MB per connection`);
  if (proxyUs > MEASURABLE_US && proxyUs > FIGURES.costFactor * attackerUs)
    faults.push(`costs × ${Math.round(proxyUs / attackerUs)}`);
  if (outcome.attempts === 0) faults.push("no attack came through");
  return { holds: faults.length === 0, words: faults.length === 0 ? "holds" : faults.join(", ") };
}
