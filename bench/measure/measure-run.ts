// One run of one arm: load it, and see what its processes spend meanwhile.
import { type Arm, headOf } from "../arms/arm.ts";
import { setupName, targetsOf } from "../arms/setup.ts";
import type { Backend } from "../backend/start-backend.ts";
import { benchCases, IDLE_CONNECTIONS } from "../compare/cases.ts";
import type { PlannedRun } from "../compare/plan.ts";
import { whileIdle } from "../generator/hold-idle.ts";
import { pin } from "../lab/cores.ts";
import type { Lab } from "../lab/lab.ts";
import { cpuTimeUs } from "./cpu-time.ts";
import { load } from "./load.ts";
import { emptyLogs, logBytes } from "./log-files.ts";
import { type Memory, readMemory } from "./memory.ts";
import type { Sample } from "./sample.ts";
import { untilArmServes } from "./until-arm-serves.ts";

export interface RunOptions {
  readonly lab: Lab;
  readonly arm: Arm;
  /** The one behind the arm. */
  readonly backend: Backend;
  readonly run: PlannedRun;
  /** Stops what is not measured. */
  beAlone(): Promise<void>;
}

/** Time for a runtime to give back what it needs no more. */
const IDLE_SETTLE_MS = 2_000;

/** Throws when the arm does not serve, or one of its processes was replaced during the run. */
export async function measureRun(options: RunOptions): Promise<Sample> {
  const { lab, arm, backend, run } = options;
  // A generator that polls without pause needs its core for itself.
  pin(backend.process.pid, run.regime.startsWith("fixed-rate") ? "proxies" : "load");
  await untilArmServes(lab, arm, run.case);
  await options.beAlone();
  const sample = run.regime === "idle" ? await measureIdle(options) : await measureLoad(options);
  emptyLogs(arm.logs);
  return sample;
}

async function measureLoad({ lab, arm, run }: RunOptions): Promise<Sample> {
  const { seconds, warmUpSeconds } = run;
  if (warmUpSeconds > 0) await load(lab, arm, run, warmUpSeconds);
  const logged = logBytes(arm.logs);
  const pids = processesOf(arm);
  const startedMs = performance.now();
  const before = cpuTimeUs(pids);
  const [result, loaded] = await Promise.all([
    load(lab, arm, run, seconds),
    memoryAfter(seconds * 800, arm.proxies()),
  ]);
  const spentUs = cpuTimeUs(pids) - before;
  const elapsedUs = (performance.now() - startedMs) * 1_000;
  refuseOthers(arm, pids);
  if (result.requests === 0) throw new Error(`${arm.name} answered no request of the run`);
  const cpu =
    pids.length === 0
      ? {}
      : { cpuUsPerRequest: spentUs / result.requests, vcpus: spentUs / elapsedUs };
  const { requests, failures, metrics } = result;
  const written = logBytes(arm.logs) - logged;
  return {
    ...{ ...namesOf(run), requests, failures, loaded, logBytes: written },
    metrics: { ...metrics, ...cpu },
  };
}

/** Growth of the proxies while connections are open, divided by their number. Of a pair the second hop is asked alone. */
async function measureIdle({ lab, arm, run }: RunOptions): Promise<Sample> {
  const [target] = targetsOf(arm.setup, benchCases[run.case].path);
  if (!target) throw new Error(`${run.case} asks for nothing`);
  const { inner } = arm;
  const pids = arm.proxies();
  await Bun.sleep(IDLE_SETTLE_MS);
  const before = readMemory(pids);
  const tls = inner && { files: inner.client, ...(inner.alpn && { alpn: inner.alpn }) };
  const connections = {
    ...{ port: inner?.port ?? arm.port, head: headOf(arm, target) },
    ...{ connections: IDLE_CONNECTIONS, ...(tls && { tls }) },
  };
  const after = await whileIdle(lab, connections, async () => {
    await Bun.sleep(IDLE_SETTLE_MS);
    return readMemory(pids);
  });
  refuseOthers(arm, processesOf(arm));
  const each = (field: keyof Memory): number =>
    ((after[field] - before[field]) * 1_000) / IDLE_CONNECTIONS;
  const metrics = {
    ...{ idleRssKb: each("rssMb"), idlePssKb: each("pssMb") },
    idlePrivateKb: each("privateMb"),
  };
  const requests = IDLE_CONNECTIONS;
  return { ...namesOf(run), requests, failures: 0, metrics, loaded: after, logBytes: 0 };
}

const namesOf = ({ arm, case: name, regime, round }: PlannedRun) => ({
  ...{ arm, case: name, regime, round },
});

const processesOf = (arm: Arm): readonly number[] => [...arm.proxies(), ...arm.supervisors()];

function refuseOthers(arm: Arm, pids: readonly number[]): void {
  if (processesOf(arm).join() === pids.join()) return;
  throw new Error(`${arm.name}, ${setupName(arm.setup)}: a proxy was replaced during the run`);
}

async function memoryAfter(ms: number, pids: readonly number[]): Promise<Memory> {
  await Bun.sleep(ms);
  return readMemory(pids);
}
