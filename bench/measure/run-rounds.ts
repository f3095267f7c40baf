// Every arm once per round, so that what else happens on the machine happens to all of them.
import type { Arm } from "../arms/arm.ts";
import type { Backend } from "../backend/start-backend.ts";
import type { Lab } from "../lab/lab.ts";
import { measureRun } from "./measure-run.ts";
import type { Metric, Regime, Sample } from "./sample.ts";

export interface RoundsOptions {
  readonly lab: Lab;
  readonly arms: readonly Arm[];
  readonly backend: Backend;
  readonly regimes: readonly Regime[];
  readonly rounds: number;
  readonly seconds: number;
  /** Before each arm's first run; later ones get a second at most, for connections to be made. */
  readonly warmUpSeconds: number;
  say(line: string): void;
}

const LATER_WARM_UP_SECONDS = 1;

export async function runRounds(options: RoundsOptions): Promise<readonly Sample[]> {
  const { arms, regimes, rounds, say } = options;
  const samples: Sample[] = [];
  for (let round = 0; round < rounds; round++) {
    const started = performance.now();
    for (const regime of regimes)
      for (const arm of inOrderOf(round, arms))
        samples.push(
          await measureRun({
            ...options,
            arm,
            regime,
            round,
            warmUpSeconds: warmUp(options, round),
          }),
        );
    say(`round ${round + 1} of ${rounds}: ${((performance.now() - started) / 1_000).toFixed(0)} s`);
  }
  return samples.map((sample) => overDirect(sample, samples));
}

/** wrk counts whole seconds. */
const warmUp = ({ warmUpSeconds }: RoundsOptions, round: number): number =>
  round === 0 ? warmUpSeconds : Math.min(warmUpSeconds, LATER_WARM_UP_SECONDS);

/** Each round begins with another arm, so that none always follows the same neighbour's start. */
function inOrderOf(round: number, arms: readonly Arm[]): readonly Arm[] {
  const first = round % arms.length;
  return [...arms.slice(first), ...arms.slice(0, first)];
}

const directCounterparts = [
  ["p50Us", "overDirectP50Us"],
  ["p90Us", "overDirectP90Us"],
  ["p99Us", "overDirectP99Us"],
] as const;

/** What the proxies add to the latency at a fixed rate. */
function overDirect(sample: Sample, samples: readonly Sample[]): Sample {
  if (sample.regime !== "fixed-rate" || sample.arm === "direct") return sample;
  const direct = samples.find((other) => other.arm === "direct" && isSameRun(other, sample));
  if (!direct) return sample;
  const added: Partial<Record<Metric, number>> = {};
  for (const [latency, over] of directCounterparts) {
    const [through = 0, without = 0] = [sample.metrics[latency], direct.metrics[latency]];
    added[over] = through - without;
  }
  return { ...sample, metrics: { ...sample.metrics, ...added } };
}

const isSameRun = (one: Sample, other: Sample): boolean =>
  one.case === other.case && one.regime === other.regime && one.round === other.round;
