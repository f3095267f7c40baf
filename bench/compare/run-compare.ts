import { type ArmName, armNames } from "../arms/arm.ts";
import { provideArm } from "../arms/provide-arm.ts";
import { type Backend, startBackend } from "../backend/start-backend.ts";
import type { BenchContext } from "../commands/bench-command.ts";
import { checkThatPausesShow } from "../generator/self-check.ts";
import { envoyProgram } from "../lab/envoy-program.ts";
import { type ProgramName, provideProgram, versionLine } from "../lab/programs.ts";
import type { Sample } from "../measure/sample.ts";
import { compareArms } from "../report/compare-arms.ts";
import { describeMachine } from "../report/machine.ts";
import type { ArmMemory, BenchResult } from "../report/result.ts";
import { benchCases } from "./cases.ts";
import { planSeconds } from "./estimate.ts";
import type { BrokenArm } from "./open-stage.ts";
import { overDirect } from "./over-direct.ts";
import { type PlannedStage, type PlanOptions, planComparison } from "./plan.ts";
import { durationText, Progress } from "./progress.ts";
import { runStage } from "./run-stage.ts";

const BODY_BYTES = 1_024;

/** The whole comparison. Throws when a generator or the backend cannot be had. */
export async function runCompare(
  { lab, say }: BenchContext,
  options: PlanOptions,
): Promise<BenchResult> {
  const startedAt = new Date().toISOString();
  const startedMs = performance.now();
  const machine = describeMachine();
  const { arms, omitted } = availableArms(options.arms, say);
  const backend = await startBackend(lab, { name: "backend-1k", core: "load", body: BODY_BYTES });
  const stages = withoutWhatLacks(planComparison({ ...options, arms }), backend, say);
  provideGenerators(stages, say);
  const totalSeconds = planSeconds(stages);
  const runs = stages.reduce((total, stage) => total + stage.runs.length, 0);
  if (runs === 0) throw new Error("nothing to run: no case has any of these arms and regimes");
  say(`${runs} runs, about ${durationText(totalSeconds)}`);
  const needsClock = stages.some((stage) =>
    stage.runs.some(({ regime }) => regime.startsWith("fixed-rate")),
  );
  const pauseCheck = needsClock ? await checkThatPausesShow(lab, backend) : undefined;
  const progress = new Progress({ totalSeconds, say, now: () => performance.now() });
  const samples: Sample[] = [];
  const memory: ArmMemory[] = [];
  const broken: BrokenArm[] = [];
  for (const stage of stages) {
    const result = await runStage({ lab, backend, stage, progress });
    samples.push(...result.samples);
    memory.push(...result.memory);
    broken.push(...result.broken);
  }
  const { rounds, seconds, warmUp: warmUpSeconds, settle: settleSeconds } = options;
  const measured = samples.map((sample) => overDirect(sample, samples));
  const tookSeconds = Math.round((performance.now() - startedMs) / 1_000);
  return {
    ...{ startedAt, tookSeconds, machine, versions: versionsOf(arms) },
    backend: backend.description,
    settings: { rounds, seconds, warmUpSeconds, settleSeconds },
    ...{ pauseCheck, omitted, broken, memory },
    ...{ comparisons: compareArms(measured), samples: measured },
  };
}

function availableArms(wanted: readonly ArmName[], say: BenchContext["say"]) {
  const found = armNames
    .filter((arm) => wanted.includes(arm))
    .map((arm) => ({ arm, reason: provideArm(arm, say) }));
  return {
    arms: found.flatMap(({ arm, reason }) => (reason === undefined ? [arm] : [])),
    omitted: found.flatMap(({ arm, reason }) => (reason === undefined ? [] : [{ arm, reason }])),
  };
}

function withoutWhatLacks(
  stages: readonly PlannedStage[],
  backend: Backend,
  say: BenchContext["say"],
): readonly PlannedStage[] {
  if (backend.hasLargeBodies) return stages;
  say(`left out: answers of 64 KB, which ${backend.description} does not give; they need gcc`);
  return stages.map((stage) => ({
    ...stage,
    runs: stage.runs.filter(({ case: name }) => !name.startsWith("body-")),
  }));
}

/** Throws when one cannot be had. */
function provideGenerators(stages: readonly PlannedStage[], say: BenchContext["say"]): void {
  const clients = stages.flatMap(({ runs }) =>
    runs
      .filter(({ regime }) => regime === "saturation")
      .map(({ case: name }) => benchCases[name].client),
  );
  const needs: readonly (readonly [ProgramName, boolean])[] = [
    ["wrk", clients.some((client) => client === "http1" || client === "http1-churn")],
    ["h2load", clients.some((client) => client === "http2" || client === "grpc")],
    ["nghttpd", clients.includes("grpc")],
  ];
  for (const [program, isNeeded] of needs) {
    const missing = isNeeded ? provideProgram(program, say) : undefined;
    if (missing !== undefined) throw new Error(`saturation ${missing}`);
  }
}

function versionsOf(arms: readonly ArmName[]): Readonly<Record<string, string>> {
  const has = (program: string): boolean => arms.some((name) => name.startsWith(program));
  const envoy = has("envoy") ? versionLine([envoyProgram(), "--version"]) : "";
  return {
    ...(has("nginx") && { nginx: versionLine(["nginx", "-v"]).replace("nginx version: ", "") }),
    ...(has("haproxy") && { haproxy: versionLine(["haproxy", "-v"]).replace(/ - https:.*/, "") }),
    ...(has("nghttpx") && { nghttpx: versionLine(["nghttpx", "--version"]) }),
    ...(envoy !== "" && { envoy: `Envoy ${/\/(\d[\d.]+)\//.exec(envoy)?.[1] ?? envoy}` }),
  };
}
