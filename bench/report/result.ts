import type { ArmName, CaseName } from "../arms/arm.ts";
import type { FixedRateResult } from "../generator/fixed-rate.ts";
import type { Memory } from "../measure/memory.ts";
import type { Sample } from "../measure/sample.ts";
import type { Comparison } from "./compare-arms.ts";
import type { Machine } from "./machine.ts";

/** Everything that one run of the bench knows; what `-o json` prints and `bench/results/` keeps. */
export interface BenchResult {
  readonly startedAt: string;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  readonly backend: string;
  readonly settings: {
    readonly rounds: number;
    readonly seconds: number;
    readonly warmUpSeconds: number;
  };
  /** What the open-loop generator saw of a server that stood still for 100 ms. */
  readonly pauseCheck: FixedRateResult | undefined;
  readonly omitted: readonly { readonly arm: ArmName; readonly reason: string }[];
  /** Before the first request of the run. */
  readonly idle: readonly IdleMemory[];
  readonly comparisons: readonly Comparison[];
  readonly samples: readonly Sample[];
}

export interface IdleMemory {
  readonly arm: ArmName;
  readonly case: CaseName;
  /** How many proxies the sums are of. */
  readonly proxies: number;
  readonly memory: Memory;
  /** Of masters and supervisors, which stand beside them. */
  readonly supervisors: Memory;
}
