// One run of one arm: load it, and see what its processes spend meanwhile.
import { type Arm, BODY_BYTES } from "../arms/arm.ts";
import type { Backend } from "../backend/start-backend.ts";
import { runFixedRate } from "../generator/fixed-rate.ts";
import { saturate } from "../generator/saturate.ts";
import { pin } from "../lab/cores.ts";
import type { Lab } from "../lab/lab.ts";
import { untilServes } from "../lab/wait.ts";
import { cpuTimeUs } from "./cpu-time.ts";
import { emptyLogs, logBytes } from "./log-files.ts";
import { type Memory, readMemory } from "./memory.ts";
import type { Regime, Sample } from "./sample.ts";

export interface RunOptions {
  readonly lab: Lab;
  readonly arm: Arm;
  readonly backend: Backend;
  readonly regime: Regime;
  readonly round: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
}

export const SATURATION_CONNECTIONS = 64;
export const FIXED_RATE = { rate: 1_000, connections: 16 } as const;

/** Throws when the arm does not serve, or one of its processes was replaced during the run. */
export async function measureRun(options: RunOptions): Promise<Sample> {
  const { lab, arm, backend, regime, round, seconds, warmUpSeconds } = options;
  // A generator that polls without pause needs its core for itself.
  pin(backend.process.pid, regime === "fixed-rate" ? "proxies" : "load");
  await untilServes({ lab, watched: arm.watched }, { port: arm.port, bodyBytes: BODY_BYTES });
  await load(options, warmUpSeconds);

  const logged = logBytes(arm.logs);
  const pids = processesOf(arm);
  const startedMs = performance.now();
  const before = cpuTimeUs(pids);
  const [result, loaded] = await Promise.all([
    load(options, seconds),
    memoryAfter(seconds * 800, arm.proxies()),
  ]);
  const spentUs = cpuTimeUs(pids) - before;
  const elapsedUs = (performance.now() - startedMs) * 1_000;
  if (processesOf(arm).join() !== pids.join())
    throw new Error(`${arm.name}, ${arm.case}: a proxy was replaced during the run`);

  const cpu =
    pids.length === 0
      ? {}
      : { cpuUsPerRequest: spentUs / result.requests, vcpus: spentUs / elapsedUs };
  const sample: Sample = {
    arm: arm.name,
    case: arm.case,
    regime,
    round,
    requests: result.requests,
    failures: result.failures,
    metrics: { ...result.metrics, ...cpu },
    loaded,
    logBytes: logBytes(arm.logs) - logged,
  };
  emptyLogs(arm.logs);
  return sample;
}

const processesOf = (arm: Arm): readonly number[] => [...arm.proxies(), ...arm.supervisors()];

async function memoryAfter(ms: number, pids: readonly number[]): Promise<Memory> {
  await Bun.sleep(ms);
  return readMemory(pids);
}

async function load({ lab, arm, regime }: RunOptions, seconds: number) {
  if (regime === "fixed-rate") {
    const { requests, p50Us, p90Us, p99Us } = await runFixedRate(lab, {
      port: arm.port,
      ...FIXED_RATE,
      seconds,
    });
    return { requests, failures: 0, metrics: { p50Us, p90Us, p99Us } };
  }
  const wrk = await saturate(lab, { port: arm.port, connections: SATURATION_CONNECTIONS, seconds });
  const requestsPerSecond = wrk.requests / (wrk.durationUs / 1e6);
  return {
    requests: wrk.requests,
    failures: wrk.badStatus + wrk.brokenConnections,
    metrics: { requestsPerSecond, p50Us: wrk.p50Us, p99Us: wrk.p99Us },
  };
}
