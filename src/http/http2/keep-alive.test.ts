import { describe, expect, test } from "bun:test";
import type { Http2Error } from "#wire/http2/http2-error.ts";
import type { Deadline } from "../timer-wheel.ts";
import { type KeptConnection, PingKeeper } from "./keep-alive.ts";

/** A keeper whose clock and whose peer are the test. */
function keeper(keepAlive: { intervalMs?: number; timeoutMs: number; idleIntervalMs?: number }) {
  const words: string[] = [];
  let armed: Deadline | undefined;
  const connection = {
    hasHeard: false,
    options: {
      wheel: {
        arm(deadline: Deadline, delayMs: number) {
          armed = deadline;
          words.push(`wait ${delayMs}`);
        },
        cancel: () => undefined,
      },
    },
    output: { ping: () => words.push("ping") },
    fail: (error: Http2Error) => words.push(error.reason),
  };
  const kept = new PingKeeper(connection as unknown as KeptConnection, keepAlive);
  return { kept, words, connection, later: () => armed?.expire() };
}

describe("at regular times", () => {
  test("a peer that was heard of is left alone", () => {
    const { kept, words, connection, later } = keeper({ intervalMs: 10, timeoutMs: 5 });
    kept.start();
    connection.hasHeard = true;
    later();
    expect(words).toEqual(["wait 10", "wait 10"]);
  });

  test("a silent one is asked, and given up when it stays silent", () => {
    const { kept, words, later } = keeper({ intervalMs: 10, timeoutMs: 5 });
    kept.start();
    later();
    later();
    expect(words).toEqual(["wait 10", "ping", "wait 5", "ping-timeout"]);
  });

  test("one that answers is asked again only after the next silence", () => {
    const { kept, words, connection, later } = keeper({ intervalMs: 10, timeoutMs: 5 });
    kept.start();
    later();
    connection.hasHeard = true;
    later();
    expect(words).toEqual(["wait 10", "ping", "wait 5", "wait 10"]);
  });
});

describe("with the first request after a pause", () => {
  test("a peer is asked when the pause was long, and given up when it does not answer", () => {
    const { kept, words, connection, later } = keeper({ idleIntervalMs: 100, timeoutMs: 5 });
    kept.start();
    kept.onUsedAfter(99);
    expect(words).toEqual([]);
    connection.hasHeard = true; // long ago
    kept.onUsedAfter(100);
    kept.onUsedAfter(100);
    later();
    expect(words).toEqual(["ping", "wait 5", "ping-timeout"]);
  });

  test("one that answers is not asked at other times", () => {
    const { kept, words, connection, later } = keeper({ idleIntervalMs: 100, timeoutMs: 5 });
    kept.onUsedAfter(100);
    connection.hasHeard = true;
    later();
    expect(words).toEqual(["ping", "wait 5"]);
  });
});
