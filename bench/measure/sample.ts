import type { ArmName } from "../arms/arm.ts";
import type { CaseName, Regime } from "../compare/cases.ts";
import type { Memory } from "./memory.ts";

/** One measured run of one arm. */
export interface Sample {
  readonly arm: ArmName;
  readonly case: CaseName;
  readonly regime: Regime;
  /** From 0. */
  readonly round: number;
  readonly requests: number;
  /** Answers that were not 200, and connections that broke. */
  readonly failures: number;
  readonly metrics: Readonly<Partial<Record<Metric, number>>>;
  /** Of the proxies, near the end of the run. */
  readonly loaded: Memory;
  /** Octets of access log written during the run. */
  readonly logBytes: number;
}

/** Latencies at saturation are the closed loop's; at a fixed rate they count from the moment at which a request was due. */
export type Metric =
  | "requestsPerSecond"
  /** User and system time of every proxy and supervisor of the arm. */
  | "cpuUsPerRequest"
  | "vcpus"
  | "p50Us"
  | "p90Us"
  | "p99Us"
  | "p999Us"
  /** All that h2load tells. */
  | "meanUs"
  /** Slower than the direct arm of the same round by so much. */
  | "overDirectP50Us"
  | "overDirectP90Us"
  | "overDirectP99Us"
  /** What the proxies grew by, for each idle connection, in 10^3 bytes. */
  | "idleRssKb"
  | "idlePssKb"
  | "idlePrivateKb";
