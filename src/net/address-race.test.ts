import { describe, expect, test } from "bun:test";
import { AddressRace, interleaveFamilies, STAGGER_MS } from "./address-race.ts";
import { NetError } from "./net-error.ts";

/** A race whose tries and whose clock are the test. */
function race(...addresses: string[]) {
  const words: string[] = [];
  const done = new Map<string, (outcome: string | NetError) => void>();
  let timer: (() => void) | undefined;
  const running = new AddressRace<string, string>(addresses, {
    open: (address, tell) => {
      words.push(`open ${address}`);
      done.set(address, tell);
      return { abandon: () => words.push(`close ${address}`) };
    },
    after: (delayMs, callback) => {
      expect(delayMs).toBe(STAGGER_MS);
      timer = callback;
      return () => {
        timer = undefined;
      };
    },
    isFailure: (outcome) => outcome instanceof NetError,
    won: (result) => words.push(`won ${result}`),
    lost: (error) => words.push(`lost ${error.code}`),
  });
  running.start();
  return {
    words,
    running,
    isWaiting: () => timer !== undefined,
    later: () => timer?.(),
    connect: (address: string) => done.get(address)?.(address),
    fail: (address: string, code: "connect-refused" | "connect-unreachable") =>
      done.get(address)?.(new NetError(code)),
  };
}

describe("of several addresses", () => {
  test("the first is tried alone, and wins when it answers soon", () => {
    const { words, connect, isWaiting } = race("a", "b");
    connect("a");
    expect(words).toEqual(["open a", "won a"]);
    expect(isWaiting()).toBe(false);
  });

  test("the next is tried beside one that is silent, and the loser is closed", () => {
    const { words, later, connect } = race("a", "b");
    later();
    connect("b");
    expect(words).toEqual(["open a", "open b", "close a", "won b"]);
  });

  test("a slow first may still win", () => {
    const { words, later, connect } = race("a", "b", "c");
    later();
    connect("a");
    expect(words).toEqual(["open a", "open b", "close b", "won a"]);
  });

  test("the next is tried at once when one has failed", () => {
    const { words, fail, connect } = race("a", "b");
    fail("a", "connect-refused");
    connect("b");
    expect(words).toEqual(["open a", "open b", "won b"]);
  });

  test("the first error is told when all have failed", () => {
    const { words, fail, later } = race("a", "b");
    later();
    fail("b", "connect-unreachable");
    expect(words).toEqual(["open a", "open b"]);
    fail("a", "connect-refused");
    expect(words.at(-1)).toBe("lost connect-unreachable");
  });

  test("nobody is told any more after it was stopped", () => {
    const { words, running, connect, isWaiting } = race("a", "b");
    running.stop();
    connect("a");
    expect(words).toEqual(["open a", "close a"]);
    expect(isWaiting()).toBe(false);
  });
});

test("families take turns, beginning with the resolver's first", () => {
  expect(interleaveFamilies(["::1", "::2", "::3", "1.1.1.1"])).toEqual([
    "::1",
    "1.1.1.1",
    "::2",
    "::3",
  ]);
  expect(interleaveFamilies(["1.1.1.1", "1.1.1.2", "::1"])).toEqual(["1.1.1.1", "::1", "1.1.1.2"]);
  expect(interleaveFamilies([])).toEqual([]);
});
