import { expect, test } from "bun:test";
import { join } from "node:path";
import { tempDir } from "../../test/support/temp-dir.ts";
import type { ArmName } from "../arms/arm.ts";
import type { Sample } from "../measure/sample.ts";
import { compareArms } from "./compare-arms.ts";
import { writeReadmeFigures } from "./readme-figures.ts";
import { spreadOf } from "./spread.ts";

test("the median of an even count lies between the two in the middle", () => {
  expect(spreadOf([4, 1, 2, 10])).toEqual({ median: 3, min: 1, max: 10 });
  expect(spreadOf([5, 1, 2])).toEqual({ median: 2, min: 1, max: 5 });
  expect(() => spreadOf([])).toThrow("nothing");
});

const sample = (arm: ArmName, round: number, cpuUsPerRequest: number): Sample => ({
  arm,
  case: "pair",
  regime: "saturation",
  round,
  requests: 100,
  failures: round,
  metrics: { cpuUsPerRequest },
  loaded: { rssMb: 10 + round, pssMb: 5, privateMb: 4 },
  logBytes: 20_000,
});

test("ratios are taken round by round, so that a slow round spoils both sides", () => {
  const samples = [
    ...[sample("haproxy", 0, 10), sample("haproxy", 1, 100), sample("haproxy", 2, 20)],
    ...[sample("weft", 0, 12), sample("weft", 1, 130), sample("weft", 2, 22)],
  ];
  const [comparison] = compareArms(samples);
  const weft = comparison?.rows.find(({ arm }) => arm === "weft");
  expect(weft?.figures.cpuUsPerRequest).toEqual({
    value: { median: 22, min: 12, max: 130 },
    ratios: { haproxy: { median: 1.2, min: 1.1, max: 1.3 } },
  });
  expect(weft).toMatchObject({ requests: 300, failures: 3, logBytesPerRequest: 200 });
  expect(weft?.loaded.rssMb.median).toBe(11);
});

test("without the reference there are values and no ratios", () => {
  const [comparison] = compareArms([sample("weft", 0, 12)]);
  expect(comparison?.rows[0]?.figures.cpuUsPerRequest).toEqual({
    value: { median: 12, min: 12, max: 12 },
    ratios: {},
  });
});

test("figures replace what stands between their marks, and nothing else", async () => {
  await using dir = await tempDir();
  const file = join(dir.path, "README.md");
  const page = "a\n<!-- figures: compare -->\nold\n<!-- end: compare -->\nb\n";
  await Bun.write(file, page);
  const now = new Date("2026-02-03T04:05:06Z");
  writeReadmeFigures("compare", "new\n", { now, file });
  writeReadmeFigures("compare", "newer\n", { now, file });
  const text = await Bun.file(file).text();
  expect(text).toBe(
    "a\n<!-- figures: compare -->\n\nTaken on 2026-02-03.\n\nnewer\n\n<!-- end: compare -->\nb\n",
  );
  expect(() => writeReadmeFigures("propagation", "x", { now, file })).toThrow("no place");
});
