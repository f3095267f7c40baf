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
  test("two that agree are a rule", () => {
    const keepAlive = new KeepAlive();
    keepAlive.closedWhileIdle(5_003);
    expect(keepAlive.isFresh(4_500, undefined, true, HOUR)).toBe(true);
    keepAlive.closedWhileIdle(5_010);
    expect(keepAlive.isFresh(4_500, undefined, true, HOUR)).toBe(false);
    expect(keepAlive.isFresh(3_900, undefined, true, HOUR)).toBe(true);
  });
  test("a restart of the server teaches nothing", () => {
    const keepAlive = new KeepAlive();
    for (const idleMs of [3, 4, 5, 9_000]) keepAlive.closedWhileIdle(idleMs);
    expect(keepAlive.isFresh(60_000, undefined, true, HOUR)).toBe(true);
  });
});
