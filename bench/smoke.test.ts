// Does every arm of the bench work, and can its figures be true? Never how fast: machines differ.
import { expect, test } from "bun:test";
import { type Spawned, spawnProgram } from "../test/support/spawn-weft.ts";
import type { PropagationResult } from "./propagation/run-propagation.ts";
import type { ArmRow, Comparison } from "./report/compare-arms.ts";
import type { BenchResult } from "./report/result.ts";
import type { Spread } from "./report/spread.ts";

const MINUTES_MS = 60_000;
const logged: readonly string[] = ["nginx", "haproxy", "weft"];

const bench = (...args: readonly string[]): Spawned =>
  spawnProgram([process.execPath, `${import.meta.dir}/main.ts`, ...args]);

async function resultOf(run: Spawned): Promise<unknown> {
  const code = await run.exited;
  if (code !== 0) throw new Error(`the bench ended with ${code}\n${run.stderr.text}`);
  return JSON.parse(run.stdout.text);
}

test(
  "every arm of both cases serves in both regimes without a failed request, and leaves no process",
  async () => {
    await using run = bench("--rounds", "2", "--seconds", "1", "--warm-up", "1", "-o", "json");
    const result = (await resultOf(run)) as BenchResult;
    expect(run.processes()).toEqual([]);
    expect(result.omitted).toEqual([]);
    expect(result.comparisons.map((each) => `${each.case} ${each.regime}`).sort()).toEqual([
      "one-hop fixed-rate",
      "one-hop saturation",
      "pair fixed-rate",
      "pair saturation",
    ]);
    for (const comparison of result.comparisons) expectSane(comparison);
    expect(result.pauseCheck?.maxUs).toBeGreaterThanOrEqual(90_000);
    for (const { arm, proxies, memory, case: name } of result.idle) {
      const hops = name === "pair" ? 2 : 1;
      expect({ arm, name, proxies }).toEqual({ arm, name, proxies: arm === "direct" ? 0 : hops });
      if (proxies > 0) expect(memory.rssMb).toBeGreaterThan(memory.pssMb * 0.99);
    }
  },
  6 * MINUTES_MS,
);

function expectSane({ case: name, regime, rows }: Comparison): void {
  const arms: string[] = ["direct", "haproxy", "haproxy-unlogged", "nginx", "weft"];
  expect(rows.map(({ arm }): string => arm).sort()).toEqual(arms);
  for (const row of rows) {
    const where = `${name} ${regime} ${row.arm}`;
    expect({ where, failures: row.failures }).toEqual({ where, failures: 0 });
    expect(row.requests).toBeGreaterThanOrEqual(regime === "fixed-rate" ? 2_000 : 1_000);
    for (const { value, ratio } of Object.values(row.figures)) {
      expectOrdered(value);
      if (ratio) expectOrdered(ratio);
    }
    expectProxyFigures(row, where);
  }
}

function expectProxyFigures(row: ArmRow, where: string): void {
  const { cpuUsPerRequest, p50Us, p99Us } = row.figures;
  expect(p50Us?.value.median).toBeGreaterThan(0);
  expect(p99Us?.value.median).toBeGreaterThanOrEqual(p50Us?.value.median ?? 0);
  if (row.arm === "direct") {
    expect(cpuUsPerRequest).toBeUndefined();
    return;
  }
  // A request costs some system calls at least; nothing here takes a hundredth of a second of work.
  expect(cpuUsPerRequest?.value.min, where).toBeGreaterThan(1);
  expect(cpuUsPerRequest?.value.max, where).toBeLessThan(10_000);
  expect(row.loaded.rssMb.median, where).toBeGreaterThan(1);
  if (logged.includes(row.arm)) expect(row.logBytesPerRequest, where).toBeGreaterThan(100);
  else expect(row.logBytesPerRequest, where).toBe(0);
}

function expectOrdered({ min, median, max }: Spread): void {
  for (const value of [min, median, max]) expect(Number.isFinite(value)).toBe(true);
  expect(min).toBeLessThanOrEqual(median);
  expect(median).toBeLessThanOrEqual(max);
}

test(
  "a weight change reaches every proxy, and none goes back to the old rule",
  async () => {
    await using run = bench("propagation", "--proxies", "3", "--changes", "4", "-o", "json");
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

test.each(["SIGINT", "SIGTERM"] as const)(
  "%s in the middle of a run ends it and every process of it",
  async (signal) => {
    await using run = bench("--arms", "direct,nginx,haproxy,weft", "--seconds", "60");
    await run.stderr.line(/^every arm serves/, MINUTES_MS);
    expect(run.processes().length).toBeGreaterThan(5);
    run.signal(signal);
    expect(await run.exited).toBe(1);
    expect(run.stderr.text).toContain("interrupted");
    expect(run.processes()).toEqual([]);
  },
  2 * MINUTES_MS,
);
