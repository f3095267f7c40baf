// How long after the API's answer does the last proxy serve by a new rule? Seen from outside: by who answers requests.

import type { PropagationOptions } from "../commands/propagation.ts";
import type { Lab } from "../lab/lab.ts";
import { until } from "../lab/wait.ts";
import { cpuTimeUs } from "../measure/cpu-time.ts";
import { describeMachine, type Machine } from "../report/machine.ts";
import { type Fleet, openFleet, type Version } from "./fleet.ts";
import { VersionProber } from "./version-prober.ts";

export interface PropagationResult {
  readonly startedAt: string;
  readonly machine: Machine;
  readonly proxies: number;
  readonly services: number;
  readonly warmUpSeconds: number;
  readonly probeEveryMs: number;
  readonly changes: readonly Change[];
}

export interface Change {
  /** What the API took. */
  readonly apiMs: number;
  /**
   * For each proxy, from the API's answer to the end of the first answer that the new rule gave. 0 for one that came
   * before the API's own answer was read.
   */
  readonly effectiveMs: readonly number[];
  /** Of the control plane, from the question to the API until all is quiet again; in steps of 10 ms. */
  readonly controlPlaneCpuMs: number;
  /** Answers by the old rule after a proxy's first one by the new. */
  readonly relapses: number;
}

/** Twenty proxies that hardly work answer a few thousand requests/s between them; more would delay what is measured. */
const PROBE_EVERY_MS = 10;
const SETTLE_MS = 150;

export async function runPropagation(
  lab: Lab,
  options: PropagationOptions,
  say: (line: string) => void,
): Promise<PropagationResult> {
  const startedAt = new Date().toISOString();
  const machine = describeMachine();
  const { proxies, services, warmUp: warmUpSeconds } = options;
  const fleet = await openFleet(lab, options);
  say(`${proxies} proxies serve; they are asked for ${warmUpSeconds} s before the first change`);
  using watch = new FleetWatch(lab, fleet);
  await watch.allSee("v1");
  await Bun.sleep(warmUpSeconds * 1_000);
  const changes: Change[] = [];
  for (let index = 0; index < options.changes; index++) {
    const version = index % 2 === 0 ? "v2" : "v1";
    changes.push(await measureChange(fleet, watch, version));
  }
  const probeEveryMs = PROBE_EVERY_MS;
  return { startedAt, machine, proxies, services, warmUpSeconds, probeEveryMs, changes };
}

async function measureChange(fleet: Fleet, watch: FleetWatch, version: Version): Promise<Change> {
  watch.expect(version);
  const { controlPlane } = fleet.mesh;
  const usedUs = cpuTimeUs([controlPlane.pid]);
  const askedMs = performance.now();
  await fleet.shiftTo(version);
  const answeredMs = performance.now();
  await watch.allSee(version);
  await Bun.sleep(SETTLE_MS); // relapses would show now, and the next change finds everything idle
  return {
    apiMs: answeredMs - askedMs,
    effectiveMs: watch.firstSeenMs.map((atMs) => Math.max(0, atMs - answeredMs)),
    controlPlaneCpuMs: (cpuTimeUs([controlPlane.pid]) - usedUs) / 1_000,
    relapses: watch.relapses,
  };
}

/** One prober per proxy, and when each first saw the version that is expected now. */
class FleetWatch implements Disposable {
  readonly firstSeenMs: number[] = [];
  relapses = 0;
  readonly #lab: Lab;
  readonly #fleet: Fleet;
  readonly #probers: readonly VersionProber[];
  #expected: Version = "v1";
  #broken: Error | undefined;

  constructor(lab: Lab, fleet: Fleet) {
    this.#lab = lab;
    this.#fleet = fleet;
    this.#probers = fleet.ports.map(
      (port, index) =>
        new VersionProber({
          port,
          everyMs: PROBE_EVERY_MS,
          onAnswer: (version, atMs) => this.#see(index, version, atMs),
          onError: (cause) => {
            this.#broken ??= cause;
          },
        }),
    );
  }

  expect(version: Version): void {
    this.#expected = version;
    this.#fleet.ports.forEach((_, index) => {
      this.firstSeenMs[index] = Number.NaN;
    });
    this.relapses = 0;
  }

  /** Throws past the deadline, and when a proxy hangs up or answers with an error. */
  async allSee(version: Version): Promise<void> {
    const { mesh, ports } = this.#fleet;
    const what = `all proxies see ${version}`;
    await until({ lab: this.#lab, watched: [mesh.controlPlane], what }, () => {
      if (this.#broken) return true;
      return ports.every((_, index) => Number.isFinite(this.firstSeenMs[index] ?? Number.NaN));
    });
    if (this.#broken) throw this.#broken;
  }

  [Symbol.dispose](): void {
    for (const prober of this.#probers) prober[Symbol.dispose]();
  }

  #see(index: number, version: string, atMs: number): void {
    const hasSeen = Number.isFinite(this.firstSeenMs[index] ?? Number.NaN);
    if (version === this.#expected && !hasSeen) this.firstSeenMs[index] = atMs;
    if (version !== this.#expected && hasSeen) this.relapses++;
  }
}
