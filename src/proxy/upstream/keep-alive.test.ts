import { describe, expect, test } from "bun:test";
import { KeepAlive } from "./keep-alive.ts";

const HOUR = 3_600_000;

test("while nothing is known, only what may be repeated uses an old connection", () => {
  const keepAlive = new KeepAlive();
  expect(keepAlive.isFresh(60_000, undefined, true, HOUR)).toBe(true);
  expect(keepAlive.isFresh(HOUR, undefined, true, HOUR)).toBe(false);
  expect(keepAlive.isFresh(900, undefined, false, HOUR)).toBe(true);
  expect(keepAlive.isFresh(1_000, undefined, false, HOUR)).toBe(false);
});

test("what the server announces is kept with a margin, whatever the request", () => {
  const keepAlive = new KeepAlive();
  expect(keepAlive.isFresh(3_900, 5_000, false, HOUR)).toBe(true);
  expect(keepAlive.isFresh(4_000, 5_000, true, HOUR)).toBe(false);
});

describe("from the server's own closes", () => {
  function learned(...closes: readonly (readonly [idleMs: number, atMs: number])[]): KeepAlive {
    const keepAlive = new KeepAlive();
    for (const [idleMs, atMs] of closes) keepAlive.closedWhileIdle(idleMs, atMs);
    return keepAlive;
  }

  test("two that agree are a rule", () => {
    const once = learned([5_003, 10_000]);
    expect(once.isFresh(4_500, undefined, true, HOUR)).toBe(true);
    const twice = learned([5_003, 10_000], [5_010, 12_000]);
    expect(twice.isFresh(4_500, undefined, true, HOUR)).toBe(false);
    expect(twice.isFresh(3_900, undefined, true, HOUR)).toBe(true);
  });
  test("a short one, of which half is used", () => {
    const keepAlive = learned([300, 1_000], [301, 2_000]);
    expect(keepAlive.isFresh(149, undefined, false, HOUR)).toBe(true);
    expect(keepAlive.isFresh(150, undefined, true, HOUR)).toBe(false);
  });
  test("those that disagree teach nothing", () => {
    const keepAlive = learned([3, 1_000], [4, 2_000], [5, 3_000], [9_000, 4_000]);
    expect(keepAlive.isFresh(60_000, undefined, true, HOUR)).toBe(true);
  });
  test("those of a restart teach nothing, however well they agree", () => {
    const keepAlive = learned([2_000, 9_000], [2_001, 9_001], [2_003, 9_002], [2_002, 9_010]);
    expect(keepAlive.isFresh(60_000, undefined, true, HOUR)).toBe(true);
  });
});
