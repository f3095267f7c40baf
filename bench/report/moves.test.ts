import { expect, test } from "bun:test";
import { join } from "node:path";
import { tempDir } from "../../test/support/temp-dir.ts";
import { readBaseline, writeBaseline } from "./baseline.ts";
import type { ArmRow } from "./compare-arms.ts";
import { isMove, movesText } from "./moves.ts";
import type { BenchResult } from "./result.ts";
import type { Spread } from "./spread.ts";

const spread = (median: number, min = median, max = median): Spread => ({ median, min, max });

test("a move is larger than the spread of either side", () => {
  const where = "pair";
  expect(isMove({ where, before: spread(1, 0.9, 1.1), now: spread(1.3, 1.2, 1.4) })).toBe(true);
  expect(isMove({ where, before: spread(1, 0.9, 1.5), now: spread(1.3, 1.2, 1.4) })).toBe(false);
  expect(isMove({ where, before: spread(1, 0.9, 1.1), now: spread(1.3, 0.8, 1.4) })).toBe(false);
});

test("a figure that was taken once moves by more than a tenth", () => {
  expect(isMove({ where: "idle", before: spread(10), now: spread(10.9) })).toBe(false);
  expect(isMove({ where: "idle", before: spread(10), now: spread(11.5) })).toBe(true);
});

function result(ratio: Spread, startedAt: string): BenchResult {
  const row: ArmRow = {
    ...{ arm: "weft", rounds: 3, requests: 1, failures: 0, logBytesPerRequest: 0 },
    figures: { cpuUsPerRequest: { value: spread(20), ratios: { haproxy: ratio } } },
    loaded: { rssMb: spread(50), pssMb: spread(30), privateMb: spread(20) },
  };
  return {
    ...{ startedAt, tookSeconds: 1, versions: {}, backend: "", pauseCheck: undefined },
    machine: {
      ...{ processor: "", cores: 2, memoryMb: 1, system: "", kernel: "", bun: "" },
      loadAverage: 0,
    },
    settings: { rounds: 3, seconds: 1, warmUpSeconds: 1, settleSeconds: 0 },
    ...{ omitted: [], broken: [], memory: [], samples: [] },
    comparisons: [{ case: "pair", regime: "saturation", rows: [row] }],
  };
}

test("only what moved is listed, by name and by how much", () => {
  const before = result(spread(1, 0.95, 1.05), "then");
  const text = movesText(result(spread(1.2, 1.15, 1.25), "now"), before);
  expect(text).toContain("1 figures moved");
  expect(text).toContain("pair, saturation, weft: cpuUsPerRequest ÷ haproxy");
  expect(text).toContain("+20.0 %");
  expect(text).toContain("3 of 4 figures did not move");
  expect(movesText(before, before)).toContain("nothing moved");
});

test("a baseline is read as it was written, without the single runs", async () => {
  await using dir = await tempDir();
  const file = join(dir.path, "baseline.json");
  const kept = result(spread(1.23456789, 1, 2), "then");
  writeBaseline(kept, file);
  const read = readBaseline(file);
  expect(read.comparisons[0]?.rows[0]?.figures.cpuUsPerRequest?.ratios.haproxy?.median).toBe(
    1.2346,
  );
  expect(movesText(kept, read)).toContain("nothing moved");
  await Bun.write(file, "{}");
  expect(() => readBaseline(file)).toThrow("not a result");
});
