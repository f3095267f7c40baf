import { describe, expect, test } from "bun:test";
import type { OutlierDetection } from "#config/cluster.ts";
import { type Ejection, LocalEjection } from "./ejection.ts";
import { OutlierDetector, usableHosts } from "./outlier-detector.ts";

const istio: OutlierDetection = {
  consecutive5xx: 5,
  splitExternalLocalOriginErrors: false,
  consecutiveLocalOriginFailures: 5,
  intervalMs: 10_000,
  baseEjectionMs: 30_000,
  maxEjectionMs: 300_000,
  maxEjectionPercent: 10,
  minHealthPercent: 0,
};

function cluster(settings: Partial<OutlierDetection> = {}, size = 3) {
  const hosts = Array.from({ length: size }, () => ({ ejection: new LocalEjection() }));
  let changes = 0;
  const detector = new OutlierDetector(
    { ...istio, ...settings },
    () => hosts,
    () => changes++,
  );
  const at = (i: number): Ejection => hosts[i]?.ejection ?? new LocalEjection();
  const fail = (i: number, times: number, status = 500, nowMs = 0) => {
    for (let n = 0; n < times; n++) detector.answered(at(i), status, nowMs);
  };
  const ejected = () => hosts.map(({ ejection }) => ejection.isEjected);
  return { detector, at, fail, ejected, hosts, changes: () => changes };
}

test("five 5xx in a row eject, four do not, and a good answer starts the count again", () => {
  const { detector, at, fail, ejected, changes } = cluster();
  fail(0, 4);
  detector.answered(at(0), 200, 0);
  fail(0, 4);
  expect(ejected()).toEqual([false, false, false]);
  fail(0, 1);
  expect(ejected()).toEqual([true, false, false]);
  expect(changes()).toBe(1);
});

test("failures without an answer count as 5xx, unless they are split off", () => {
  const joined = cluster();
  for (let i = 0; i < 5; i++) joined.detector.failedLocally(joined.at(0), 0);
  expect(joined.ejected()[0]).toBe(true);

  const split = cluster({
    splitExternalLocalOriginErrors: true,
    consecutiveLocalOriginFailures: 2,
  });
  split.fail(0, 4);
  split.detector.failedLocally(split.at(0), 0);
  expect(split.ejected()[0]).toBe(false);
  split.detector.failedLocally(split.at(0), 0);
  expect(split.ejected()[0]).toBe(true);
});

test("gateway errors have a count of their own", () => {
  const { fail, ejected } = cluster({ consecutiveGatewayErrors: 2 });
  fail(0, 1, 502);
  fail(0, 1, 500);
  fail(0, 1, 503);
  expect(ejected()[0]).toBe(false);
  fail(0, 1, 504);
  expect(ejected()[0]).toBe(true);
});

describe("the share of ejected hosts", () => {
  test("lets one go whatever the percentage, and more only within it", () => {
    const { fail, ejected } = cluster({ maxEjectionPercent: 10 });
    fail(0, 5);
    fail(1, 5);
    expect(ejected()).toEqual([true, false, false]);
  });
  test("of 0 lets none go", () => {
    const { fail, ejected } = cluster({ maxEjectionPercent: 0 });
    fail(0, 5);
    expect(ejected()).toEqual([false, false, false]);
  });
  test("of 100 lets all go", () => {
    const { fail, ejected } = cluster({ maxEjectionPercent: 100 });
    for (const i of [0, 1, 2]) fail(i, 5);
    expect(ejected()).toEqual([true, true, true]);
  });
});

test("an ejected host comes back after base time × number of ejections", () => {
  const { detector, fail, ejected } = cluster();
  fail(0, 5, 500, 0);
  detector.sweep(29_999);
  expect(ejected()[0]).toBe(true);
  detector.sweep(30_000);
  expect(ejected()[0]).toBe(false);
  fail(0, 5, 500, 31_000);
  detector.sweep(31_000 + 59_999);
  expect(ejected()[0]).toBe(true);
  detector.sweep(31_000 + 60_000);
  expect(ejected()[0]).toBe(false);
});

test("ejection never lasts longer than its maximum, and fades while the host behaves", () => {
  const { detector, at, fail, ejected } = cluster({ maxEjectionMs: 45_000 });
  at(0).addTimes(9);
  fail(0, 5, 500, 0);
  detector.sweep(45_000);
  expect(ejected()[0]).toBe(false);
  for (let i = 0; i < 20; i++) detector.sweep(50_000 + i);
  expect(at(0).times).toBe(0);
});

test("ejections are ignored below the least share of healthy hosts, and never when it is 0", () => {
  const { hosts, fail } = cluster({ maxEjectionPercent: 100 });
  fail(0, 5);
  fail(1, 5);
  expect(usableHosts(hosts, 0)).toHaveLength(1);
  expect(usableHosts(hosts, 50)).toHaveLength(3);
  fail(2, 5);
  expect(usableHosts(hosts, 0)).toHaveLength(0);
});
