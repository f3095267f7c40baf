import type { Arm } from "./arms/arm.ts";
import { BODY_BYTES } from "./arms/arm.ts";
import { openArms } from "./arms/open-arms.ts";
import { startBackend } from "./backend/start-backend.ts";
import type { CompareOptions } from "./commands/compare.ts";
import { checkThatPausesShow } from "./generator/self-check.ts";
import type { Lab } from "./lab/lab.ts";
import { provideProgram, versionLine } from "./lab/programs.ts";
import { readMemory } from "./measure/memory.ts";
import { runRounds } from "./measure/run-rounds.ts";
import { compareArms } from "./report/compare-arms.ts";
import { describeMachine } from "./report/machine.ts";
import type { BenchResult, IdleMemory } from "./report/result.ts";

/** The whole comparison. Throws when an arm does not work, or wrk is wanted and cannot be had. */
export async function runCompare(
  lab: Lab,
  options: CompareOptions,
  say: (line: string) => void,
): Promise<BenchResult> {
  const startedAt = new Date().toISOString();
  const machine = describeMachine();
  if (options.regime.includes("saturation")) {
    const missing = provideProgram("wrk", say);
    if (missing !== undefined) throw new Error(`saturation ${missing}`);
  }
  const backend = await startBackend(lab, { name: "backend-1k", core: "load", body: BODY_BYTES });
  const { arms, omitted } = await openArms({
    ...{ lab, backend, say },
    ...{ arms: options.arms, cases: options.case },
  });
  say("every arm serves");
  const idle = arms.map(idleMemory);
  const pauseCheck = options.regime.includes("fixed-rate")
    ? await checkThatPausesShow(lab, backend)
    : undefined;
  const settings = {
    rounds: options.rounds,
    seconds: options.seconds,
    warmUpSeconds: options.warmUp,
  };
  const samples = await runRounds({
    lab,
    arms,
    backend,
    regimes: options.regime,
    say,
    ...settings,
  });
  const comparisons = compareArms(samples);
  return {
    ...{ startedAt, machine, versions: versionsOf(arms), backend: backend.description },
    ...{ settings, pauseCheck, omitted, idle, comparisons, samples },
  };
}

function idleMemory(arm: Arm): IdleMemory {
  const proxies = arm.proxies();
  return {
    arm: arm.name,
    case: arm.case,
    proxies: proxies.length,
    memory: readMemory(proxies),
    supervisors: readMemory(arm.supervisors()),
  };
}

function versionsOf(arms: readonly Arm[]): Readonly<Record<string, string>> {
  const has = (program: string): boolean => arms.some(({ name }) => name.startsWith(program));
  return {
    ...(has("nginx") ? { nginx: versionLine(["nginx", "-v"]).replace("nginx version: ", "") } : {}),
    ...(has("haproxy") ? { haproxy: versionLine(["haproxy", "-v"]) } : {}),
  };
}
