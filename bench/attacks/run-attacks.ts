// What each attack does to the bystanders, and what it costs both sides.
import { type AttackCase, attackCases } from "../../test/support/attacks/attack-table.ts";
import type { LoadResult } from "../../test/support/steady-load.ts";
import type { Lab } from "../lab/lab.ts";
import { cpuTimeUs } from "../measure/cpu-time.ts";
import { readMemory } from "../measure/memory.ts";
import { describeMachine, type Machine } from "../report/machine.ts";
import type { AttackOutcome } from "./attacker.ts";
import { openScene, type Scene } from "./scene.ts";
import { type Verdict, verdictOn } from "./verdict.ts";

export interface AttackRunOptions {
  /** Parts of names; absent: all attacks. */
  readonly only?: readonly string[];
  /** Of each attack, and of the quiet before and after it. */
  readonly seconds: number;
  /** Of the bystanders, per second. */
  readonly rate: number;
}

export interface AttackFigures {
  readonly key: string;
  readonly what: string;
  readonly connections: number;
  readonly outcome: AttackOutcome;
  readonly before: LoadResult;
  readonly during: LoadResult;
  readonly after: LoadResult;
  /** Of the bystanders, over all the quiet that there was until then. */
  readonly usualP99Us: number;
  /** Of the proxy beyond what it cost before the attack, over the attack, and of the attacker. */
  readonly proxyUs: number;
  readonly attackerUs: number;
  /** Resident memory of the proxy, in MB: before, the most during, and after the quiet that follows. */
  readonly rssMb: { readonly before: number; readonly peak: number; readonly after: number };
  readonly verdict: Verdict;
}

export interface AttacksResult {
  readonly startedAt: string;
  readonly machine: Machine;
  readonly rate: number;
  readonly seconds: number;
  readonly attacks: readonly AttackFigures[];
}

const SAMPLE_MS = 100;
const FIRST_QUIET_SECONDS = 10;
/** What an attack has left behind is dealt with before anything counts as quiet. */
const REST_MS = 1_000;

/** What the bystanders feel when there is no attack: of a second alone, the 99th percentile is one collection of garbage or none. */
class Usual {
  readonly #latenciesUs: number[] = [];

  add(latenciesUs: readonly number[]): void {
    this.#latenciesUs.push(...latenciesUs);
  }

  get p99Us(): number {
    const sorted = this.#latenciesUs.toSorted((one, other) => one - other);
    return sorted[Math.floor(0.99 * (sorted.length - 1))] ?? 0;
  }
}

export async function runAttacks(
  lab: Lab,
  options: AttackRunOptions,
  say: (line: string) => void,
): Promise<AttacksResult> {
  const startedAt = new Date().toISOString();
  const machine = describeMachine();
  const { rate, seconds } = options;
  const wanted = wantedCases(options.only);
  const scene = await openScene(lab);
  say(`${wanted.length} attacks of ${seconds} s, beside ${rate} requests/s`);
  await scene.bystanders(rate, seconds); // warms up
  const attacks: AttackFigures[] = [];
  const usual = new Usual();
  await measureQuiet(scene, { rate, seconds: FIRST_QUIET_SECONDS }, usual);
  let quiet = await measureQuiet(scene, options, usual);
  for (const each of wanted) {
    lab.signal.throwIfAborted();
    const figures = await measureAttack(scene, each, options, { quiet, usual });
    quiet = figures.quiet;
    attacks.push(figures.figures);
    say(`${each.key}: ${figures.figures.verdict.words}`);
  }
  return { startedAt, machine, rate, seconds, attacks };
}

/** Throws when no attack is called so. */
function wantedCases(only: readonly string[] | undefined): readonly AttackCase[] {
  if (only === undefined) return attackCases;
  const found = attackCases.filter(({ key }) => only.some((part) => key.includes(part)));
  if (found.length > 0) return found;
  const names = [...new Set(attackCases.map(({ attack }) => attack.name))];
  throw new Error(`no attack is called ${only.join(" or ")}; there are ${names.join(", ")}`);
}

interface Quiet {
  readonly load: LoadResult;
  /** Of the proxy, per second. */
  readonly proxyUs: number;
  readonly rssMb: number;
}

async function measureQuiet(
  { proxyPid, bystanders }: Scene,
  { rate, seconds }: Pick<AttackRunOptions, "rate" | "seconds">,
  usual: Usual,
): Promise<Quiet> {
  const beforeUs = cpuTimeUs([proxyPid]);
  const { load, latenciesUs } = await bystanders(rate, seconds);
  usual.add(latenciesUs);
  const proxyUs = (cpuTimeUs([proxyPid]) - beforeUs) / seconds;
  return { load, proxyUs, rssMb: readMemory([proxyPid]).rssMb };
}

async function measureAttack(
  scene: Scene,
  each: AttackCase,
  options: AttackRunOptions,
  { quiet: before, usual }: { readonly quiet: Quiet; readonly usual: Usual },
): Promise<{ readonly figures: AttackFigures; readonly quiet: Quiet }> {
  const { proxyPid } = scene;
  const { rate, seconds } = options;
  const beforeUs = cpuTimeUs([proxyPid]);
  let peak = before.rssMb;
  const sampling = setInterval(() => {
    peak = Math.max(peak, readMemory([proxyPid]).rssMb);
  }, SAMPLE_MS);
  const usualP99Us = usual.p99Us;
  const [{ load: during }, outcome] = await Promise.all([
    scene.bystanders(rate, seconds),
    scene.attack({ key: each.key, ms: seconds * 1_000 }),
  ]).finally(() => clearInterval(sampling));
  const spentUs = cpuTimeUs([proxyPid]) - beforeUs;
  await Bun.sleep(REST_MS);
  const quiet = await measureQuiet(scene, options, usual);
  const measured = {
    ...{ key: each.key, what: each.attack.what, connections: outcome.connections, outcome },
    ...{ before: before.load, during, after: quiet.load },
    usualP99Us,
    proxyUs: Math.max(0, spentUs - before.proxyUs * seconds),
    attackerUs: outcome.attackerUs,
    rssMb: { before: before.rssMb, peak, after: quiet.rssMb },
  };
  return { figures: { ...measured, verdict: verdictOn(measured) }, quiet };
}
