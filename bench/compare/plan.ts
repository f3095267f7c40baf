// Everything that a comparison will do, as a value, before any of it is done: what is opened, what runs in which order, and
// how long that will take.
import type { ArmName } from "../arms/arm.ts";
import type { Setup } from "../arms/setup.ts";
import {
  benchCases,
  type CaseName,
  caseNames,
  instanceKey,
  type Load,
  type Regime,
  SATURATION_CONNECTIONS,
  type StageName,
  stageNames,
} from "./cases.ts";

export interface PlanOptions {
  readonly rounds: number;
  readonly seconds: number;
  /** Before an arm's first run of a case. */
  readonly warmUp: number;
  /** After the last run, before memory is read once more. */
  readonly settle: number;
  readonly arms: readonly ArmName[];
  readonly case: readonly CaseName[];
  readonly regime: readonly Regime[];
  /** Every case and arm once, instead of every one with every other. */
  readonly once?: boolean;
}

export interface PlannedRun {
  readonly case: CaseName;
  readonly regime: Regime;
  readonly arm: ArmName;
  readonly round: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
  /** At saturation, over HTTP/1. */
  readonly connections: number;
}

/** One arm's processes for one setup. */
export interface PlannedInstance {
  readonly arm: ArmName;
  readonly setup: Setup;
  readonly key: string;
}

export interface PlannedStage {
  readonly name: StageName;
  readonly instances: readonly PlannedInstance[];
  readonly runs: readonly PlannedRun[];
  readonly settleSeconds: number;
  /** Runs at the same time: one, where figures are wanted. */
  readonly atOnce: number;
}

/** With `once`: nothing is compared, so runs may disturb each other and tables may be short. */
const ONCE = { atOnce: 4, entries: 50, connections: 4 } as const;

/** Of all rounds, for what no goal is judged by. */
const SOME = 0.25;
/** wrk counts whole seconds. */
const LATER_WARM_UP_SECONDS = 1;
/** Where memory is asked for again after the load. */
const settling: readonly StageName[] = ["core", "services"];

interface Wanted {
  readonly case: CaseName;
  readonly load: Load;
}

export function planComparison(options: PlanOptions): readonly PlannedStage[] {
  const wanted = chosen(options);
  if (options.once === true) return planOnce(wanted, options);
  return stageNames.flatMap((name) => {
    const own = wanted.filter((each) => benchCases[each.case].stage === name);
    const runs = runsOf(own, options);
    if (runs.length === 0) return [];
    const settleSeconds = settling.includes(name) ? options.settle : 0;
    return [{ name, instances: instancesOf(runs), runs, settleSeconds, atOnce: 1 }];
  });
}

/** All of it in one stage. */
function planOnce(wanted: readonly Wanted[], options: PlanOptions): readonly PlannedStage[] {
  const runs = runsOf(eachOnce(wanted), options);
  if (runs.length === 0) return [];
  const instances = instancesOf(runs).map(shortened);
  const { settle: settleSeconds } = options;
  return [{ name: "core", instances, runs, settleSeconds, atOnce: ONCE.atOnce }];
}

function chosen(options: PlanOptions): readonly Wanted[] {
  return caseNames
    .filter((name) => options.case.includes(name))
    .flatMap((name) => benchCases[name].loads.map((load) => ({ case: name, load })))
    .filter(({ load }) => options.regime.includes(load.regime))
    .map(({ load, ...rest }) => {
      const arms = load.arms.filter((arm) => options.arms.includes(arm));
      return { ...rest, load: { ...load, arms } };
    })
    .filter(({ load }) => load.arms.length > 0);
}

/** Every case with Weft, and every regime and every other arm where it is met first. */
function eachOnce(wanted: readonly Wanted[]): readonly Wanted[] {
  const seen = new Set<string>();
  return wanted.flatMap(({ case: name, load }) => {
    const isNews = !seen.has(name) || !seen.has(load.regime);
    const arms = load.arms.filter((arm) => !seen.has(arm) || (isNews && arm === "weft"));
    if (isNews && arms.length === 0) arms.push(...load.arms.slice(0, 1));
    for (const word of [name, load.regime, ...arms]) seen.add(word);
    return arms.length === 0 ? [] : [{ case: name, load: { ...load, arms } }];
  });
}

function runsOf(wanted: readonly Wanted[], options: PlanOptions): readonly PlannedRun[] {
  const rounds = Array.from({ length: options.rounds }, (_, round) => round);
  return rounds.flatMap((round) =>
    wanted
      .filter(({ load }) => round < roundsOf(load, options.rounds))
      .flatMap((each) =>
        inOrderOf(round, each.load.arms).map((arm) => plannedRun(each, arm, round, options)),
      ),
  );
}

function plannedRun(
  { case: name, load }: Wanted,
  arm: ArmName,
  round: number,
  options: PlanOptions,
): PlannedRun {
  const { warmUp, seconds } = options;
  const warmUpSeconds = round === 0 ? warmUp : Math.min(warmUp, LATER_WARM_UP_SECONDS);
  const connections = options.once === true ? ONCE.connections : SATURATION_CONNECTIONS;
  return { case: name, regime: load.regime, arm, round, warmUpSeconds, seconds, connections };
}

function roundsOf({ rounds }: Load, wanted: number): number {
  if (rounds === "all") return wanted;
  return rounds === "some" ? Math.ceil(wanted * SOME) : 1;
}

/** Each round begins with another arm, so that none always follows the same neighbour's start. */
function inOrderOf<T>(round: number, arms: readonly T[]): readonly T[] {
  const first = round % arms.length;
  return [...arms.slice(first), ...arms.slice(0, first)];
}

function instancesOf(runs: readonly PlannedRun[]): readonly PlannedInstance[] {
  const found = new Map<string, PlannedInstance>();
  for (const { arm, case: name } of runs) {
    const key = instanceKey(name);
    if (!found.has(`${arm} ${key}`))
      found.set(`${arm} ${key}`, { arm, key, setup: benchCases[name].setup });
  }
  return [...found.values()];
}

function shortened(instance: PlannedInstance): PlannedInstance {
  const { setup } = instance;
  if (!("count" in setup)) return instance;
  return { ...instance, setup: { ...setup, count: Math.min(setup.count, ONCE.entries) } };
}
