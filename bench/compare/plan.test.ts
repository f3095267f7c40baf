import { describe, expect, test } from "bun:test";
import { armNames } from "../arms/arm.ts";
import { fullRun, planOptions, quickRun } from "../commands/compare.ts";
import { benchCases, caseNames, instanceKey, regimes } from "./cases.ts";
import { planSeconds } from "./estimate.ts";
import { type PlannedRun, planComparison } from "./plan.ts";

const runsOf = (options: Parameters<typeof planComparison>[0]): readonly PlannedRun[] =>
  planComparison(options).flatMap(({ runs }) => runs);

test("a full run is planned to end within 25 minutes, a quick one within three", () => {
  expect(planSeconds(planComparison(fullRun)) / 60).toBeLessThan(25);
  expect(planSeconds(planComparison(quickRun)) / 60).toBeLessThan(3);
});

test("a full run has every case, arm and regime", () => {
  const runs = runsOf(fullRun);
  expect(new Set(runs.map(({ case: name }) => name))).toEqual(new Set(caseNames));
  expect(new Set(runs.map(({ arm }) => arm))).toEqual(new Set(armNames));
  expect(new Set(runs.map(({ regime }) => regime))).toEqual(new Set(regimes));
});

test("what is given on the command line replaces the preset's", () => {
  const options = planOptions({ quick: true, rounds: 9, case: ["tcp"] });
  expect(options).toMatchObject({ rounds: 9, seconds: 1, case: ["tcp"], arms: quickRun.arms });
});

describe("within a round", () => {
  const runs = runsOf({ ...fullRun, case: ["pair"], regime: ["saturation"] });
  const ofRound = (round: number) =>
    runs.filter((run) => run.round === round).map(({ arm }) => arm);

  test("every arm runs once, and each round begins with another", () => {
    expect(new Set(ofRound(0)).size).toBe(ofRound(0).length);
    expect(new Set(ofRound(1))).toEqual(new Set(ofRound(0)));
    expect(ofRound(1)[0]).toBe(ofRound(0)[1]);
  });

  test("the first run of an arm is warmed up for longer", () => {
    expect(
      runs.filter(({ round }) => round === 0).every((run) => run.warmUpSeconds === fullRun.warmUp),
    ).toBe(true);
    expect(runs.filter(({ round }) => round > 0).every((run) => run.warmUpSeconds === 1)).toBe(
      true,
    );
  });
});

test("cases of one setup share their processes; tables and fresh ones have their own", () => {
  const [core] = planComparison({ ...fullRun, case: ["pair", "body-64k"], arms: ["weft"] });
  expect(core?.instances.map(({ key }) => key)).toEqual(["pair"]);
  expect(instanceKey("idle-mtls")).toBe("idle-mtls");
  expect(instanceKey("routes-100")).toBe("routes-100");
});

test("once means every case, arm and regime, each where it is met first, in small tables", () => {
  const options = { ...fullRun, rounds: 1, once: true };
  const runs = runsOf(options);
  expect(new Set(runs.map(({ case: name }) => name))).toEqual(new Set(caseNames));
  expect(new Set(runs.map(({ arm }) => arm))).toEqual(new Set(armNames));
  expect(new Set(runs.map(({ regime }) => regime))).toEqual(new Set(regimes));
  expect(runs.length).toBeLessThan(runsOf({ ...fullRun, rounds: 1 }).length / 2);
  const counts = planComparison(options)
    .flatMap(({ instances }) => instances)
    .flatMap(({ setup }) => ("count" in setup ? [setup.count] : []));
  expect(Math.max(...counts)).toBe(50);
});

test("an arm that is not asked for leaves no empty stage", () => {
  expect(planComparison({ ...fullRun, arms: ["nghttpx"], case: ["tcp"] })).toEqual([]);
});

test("every case can be answered in full by the backend that it has", () => {
  for (const name of caseNames) {
    const { path, bodyBytes } = benchCases[name];
    if (path.startsWith("/64k") || path.startsWith("/stream")) expect(bodyBytes).toBe(65_536);
  }
});
