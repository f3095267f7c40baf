import type { ArmName } from "../arms/arm.ts";
import type { BrokenArm } from "../compare/open-stage.ts";
import type { FixedRateResult } from "../generator/fixed-rate.ts";
import type { Memory } from "../measure/memory.ts";
import type { Sample } from "../measure/sample.ts";
import type { Comparison } from "./compare-arms.ts";
import type { Machine } from "./machine.ts";

/** Everything that one run of the bench knows; what `-o json` prints and `bench/results/` keeps. */
export interface BenchResult {
  readonly startedAt: string;
  readonly tookSeconds: number;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  readonly backend: string;
  readonly settings: {
    readonly rounds: number;
    readonly seconds: number;
    readonly warmUpSeconds: number;
    readonly settleSeconds: number;
  };
  /** What the open-loop generator saw of a server that stood still for 100 ms. */
  readonly pauseCheck: FixedRateResult | undefined;
  /** What cannot be had on this machine. */
  readonly omitted: readonly { readonly arm: ArmName; readonly reason: string }[];
  /** What is there and does not work. */
  readonly broken: readonly BrokenArm[];
  readonly memory: readonly ArmMemory[];
  readonly comparisons: readonly Comparison[];
  readonly samples: readonly Sample[];
}

/** Of an arm's processes for one setup. */
export interface ArmMemory {
  readonly arm: ArmName;
  readonly setup: string;
  /** How many proxies the sums are of. */
  readonly proxies: number;
  /** Before the first request of the run. */
  readonly idle?: { readonly proxies: Memory; readonly supervisors: Memory };
  /** After the last one and a rest. */
  readonly settled?: { readonly proxies: Memory; readonly supervisors: Memory };
}
