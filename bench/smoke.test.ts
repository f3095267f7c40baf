// Does every arm and every case of the bench work, and can the figures be true? Never how fast: machines differ.
import { expect, test } from "bun:test";
import { type Spawned, spawnProgram } from "../test/support/spawn-weft.ts";
import { armNames } from "./arms/arm.ts";
import { hopsOf } from "./arms/setup.ts";
import type { AttacksResult } from "./attacks/run-attacks.ts";
import { benchCases, caseNames, instanceKey } from "./compare/cases.ts";
import type { PropagationResult } from "./propagation/run-propagation.ts";
import type { ArmRow, Comparison } from "./report/compare-arms.ts";
import type { BenchResult } from "./report/result.ts";
import type { Spread } from "./report/spread.ts";

const MINUTES_MS = 60_000;

const bench = (...args: readonly string[]): Spawned =>
  spawnProgram([process.execPath, `${import.meta.dir}/main.ts`, ...args]);

async function resultOf(run: Spawned): Promise<unknown> {
  const code = await run.exited;
  if (code !== 0) throw new Error(`the bench ended with ${code}\n${run.stderr.text}`);
  return JSON.parse(run.stdout.text);
}

const tiny = ["--rounds", "1", "--seconds", "1", "--warm-up", "1", "--settle", "0", "-o", "json"];

test(
  "every case and every arm serves without a failed request, and leaves no process",
  async () => {
    await using run = bench("--once", ...tiny);
    const result = (await resultOf(run)) as BenchResult;
    expect(run.processes()).toEqual([]);
    expect(result.broken).toEqual([]);
    // Where the Python package index is out of reach there is no Envoy, and the report says so.
    const omitted: readonly string[] = result.omitted.map(({ arm }) => arm);
    expect(omitted.filter((arm) => !arm.startsWith("envoy"))).toEqual([]);
    const { comparisons } = result;
    expect(caseNames.filter((name) => !comparisons.some((each) => each.case === name))).toEqual([]);
    const arms = new Set(comparisons.flatMap(({ rows }) => rows.map(({ arm }) => arm)));
    expect([...arms, ...omitted].sort()).toEqual([...armNames].sort());
    for (const comparison of comparisons) expectSane(comparison);
    expect(result.pauseCheck?.maxUs).toBeGreaterThanOrEqual(90_000);
    for (const each of result.memory) expectMemory(each);
  },
  6 * MINUTES_MS,
);

function expectSane({ case: name, regime, rows }: Comparison): void {
  expect(rows.length).toBeGreaterThan(0);
  for (const row of rows) {
    const where = `${name} ${regime} ${row.arm}`;
    expect({ where, failures: row.failures }).toEqual({ where, failures: 0 });
    expect(row.requests, where).toBeGreaterThan(0);
    for (const { value, ratios } of Object.values(row.figures)) {
      expectOrdered(value);
      for (const ratio of Object.values(ratios)) expectOrdered(ratio);
    }
    if (regime !== "idle") expectLoadFigures(row, where);
    else expect(row.figures.idleRssKb?.value.median, where).toBeLessThan(1_000);
  }
}

function expectLoadFigures({ arm, figures, loaded }: ArmRow, where: string): void {
  const { cpuUsPerRequest, p50Us, p99Us, meanUs } = figures;
  const middle = p50Us ?? meanUs;
  expect(middle?.value.median, where).toBeGreaterThan(0);
  if (p50Us) expect(p99Us?.value.median).toBeGreaterThanOrEqual(p50Us.value.median);
  if (arm === "direct") {
    expect(cpuUsPerRequest).toBeUndefined();
    return;
  }
  // A request costs some system calls at least.
  expect(cpuUsPerRequest?.value.min, where).toBeGreaterThan(1);
  expect(loaded.rssMb.median, where).toBeGreaterThan(1);
}

function expectMemory({ arm, setup, proxies, idle }: BenchResult["memory"][number]): void {
  const name = caseNames.find((each) => instanceKey(each) === setup);
  if (name === undefined) throw new Error(`no case has the setup ${setup}`);
  const hops = arm === "direct" ? 0 : hopsOf(benchCases[name].setup);
  expect({ arm, setup, proxies }).toEqual({ arm, setup, proxies: hops });
  if (proxies === 0 || !idle) return;
  const { rssMb, pssMb, privateMb } = idle.proxies;
  expect(rssMb).toBeGreaterThan(pssMb * 0.99);
  expect(pssMb).toBeGreaterThan(privateMb * 0.99);
}

function expectOrdered({ min, median, max }: Spread): void {
  for (const value of [min, median, max]) expect(Number.isFinite(value)).toBe(true);
  expect(min).toBeLessThanOrEqual(median);
  expect(median).toBeLessThanOrEqual(max);
}

test(
  "a weight change reaches every proxy, and none goes back to the old rule",
  async () => {
    const size = ["--proxies", "3", "--changes", "4", "--services", "5", "--warm-up", "1"];
    await using run = bench("propagation", ...size, "-o", "json");
    const { changes } = (await resultOf(run)) as PropagationResult;
    expect(run.processes()).toEqual([]);
    expect(changes).toHaveLength(4);
    for (const { effectiveMs, relapses } of changes) {
      expect(relapses).toBe(0);
      expect(effectiveMs).toHaveLength(3);
      expect(effectiveMs.every((ms) => ms >= 0)).toBe(true);
    }
  },
  2 * MINUTES_MS,
);

test(
  "attacks of clients and of upstreams are measured, and no bystander fails",
  async () => {
    const only = "rapid-reset,smuggling,upstream-endless-head";
    await using run = bench(
      "attacks",
      "--only",
      only,
      "--seconds",
      "1",
      "--rate",
      "100",
      "-o",
      "json",
    );
    const { attacks } = (await resultOf(run)) as AttacksResult;
    expect(run.processes()).toEqual([]);
    expect(attacks).toHaveLength(5);
    for (const { key, outcome, before, during, after, rssMb } of attacks) {
      expect({ key, attempts: outcome.attempts > 0 }).toEqual({ key, attempts: true });
      expect({ key, answered: outcome.answered > 0 }).toEqual({ key, answered: true });
      for (const { sent, failed } of [before, during, after])
        expect({ key, sent, failed }).toEqual({ key, sent: 100, failed: 0 });
      expect(rssMb.peak).toBeGreaterThanOrEqual(rssMb.before);
    }
  },
  2 * MINUTES_MS,
);

test.each(["SIGINT", "SIGTERM"] as const)(
  "%s in the middle of a run ends it and every process of it",
  async (signal) => {
    await using run = bench("--arms", "direct,nginx,haproxy,weft", "--seconds", "60");
    await run.stderr.line(/every arm of stage core serves/, MINUTES_MS);
    expect(run.processes().length).toBeGreaterThan(5);
    run.signal(signal);
    expect(await run.exited).toBe(1);
    expect(run.stderr.text).toContain("interrupted");
    expect(run.processes()).toEqual([]);
  },
  2 * MINUTES_MS,
);
