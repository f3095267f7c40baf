import { describe, expect, test } from "bun:test";
import { ResolvedNames } from "./resolved-names.ts";

/** A resolver that answers when the test says so. */
function names() {
  const clock = { nowMs: 0 };
  const asked: { name: string; answer: (found: string[] | Error) => Promise<void> }[] = [];
  const resolved = new ResolvedNames(
    (name) => {
      const { promise, resolve, reject } = Promise.withResolvers<readonly string[]>();
      const answer = async (found: string[] | Error): Promise<void> => {
        if (found instanceof Error) reject(found);
        else resolve(found);
        await promise.catch(() => undefined);
        await Promise.resolve(); // what follows the answer
        await Promise.resolve();
      };
      asked.push({ name, answer });
      return promise;
    },
    () => clock.nowMs,
  );
  const last = () => {
    const question = asked.at(-1);
    if (question === undefined) throw new Error("nobody asked");
    return question;
  };
  return { resolved, clock, asked, last };
}

const MINUTE = 60_000;

describe("a name that is followed", () => {
  test("is asked for again after its time, and tells of other addresses only", async () => {
    const { resolved, clock, asked, last } = names();
    let changes = 0;
    resolved.follow("a", MINUTE, () => changes++);
    await last().answer(["10.0.0.1", "10.0.0.2"]);
    expect([changes, resolved.known("a")]).toEqual([1, ["10.0.0.1", "10.0.0.2"]]);
    clock.nowMs = MINUTE - 1;
    resolved.sweep();
    expect(asked).toHaveLength(1);
    clock.nowMs = MINUTE;
    resolved.sweep();
    resolved.sweep();
    expect(asked).toHaveLength(2);
    await last().answer(["10.0.0.2", "10.0.0.1"]);
    expect(changes).toBe(1);
    clock.nowMs = 2 * MINUTE;
    resolved.sweep();
    await last().answer(["10.0.0.3"]);
    expect(changes).toBe(2);
  });

  test("keeps what was known while the resolver fails, and is asked for sooner", async () => {
    const { resolved, clock, asked, last } = names();
    resolved.follow("a", MINUTE, () => undefined);
    await last().answer(["10.0.0.1"]);
    const failures = [new Error("SERVFAIL"), []];
    clock.nowMs = MINUTE;
    for (const [times, failure] of failures.entries()) {
      resolved.sweep();
      await last().answer(failure);
      expect(resolved.known("a")).toEqual(["10.0.0.1"]);
      clock.nowMs += 1_000 * 2 ** times;
    }
    resolved.sweep();
    expect(asked).toHaveLength(4);
    await last().answer(["10.0.0.2"]);
    expect(resolved.known("a")).toEqual(["10.0.0.2"]);
  });

  test("is asked for once by all who wait, and not at all when it is known", async () => {
    const { resolved, asked, last } = names();
    resolved.follow("a", MINUTE, () => undefined);
    const lookups = [resolved.lookup("a"), resolved.lookup("a")];
    await last().answer(["10.0.0.1"]);
    expect(await Promise.all(lookups)).toEqual([["10.0.0.1"], ["10.0.0.1"]]);
    expect(await resolved.lookup("a")).toEqual(["10.0.0.1"]);
    expect(asked).toHaveLength(1);
  });

  test("is forgotten with its last follower", async () => {
    const { resolved, clock, asked, last } = names();
    const [one, two] = [0, 1].map(() => resolved.follow("a", MINUTE, () => undefined));
    await last().answer(["10.0.0.1"]);
    one?.[Symbol.dispose]();
    expect(resolved.known("a")).toBeDefined();
    two?.[Symbol.dispose]();
    expect(resolved.known("a")).toBeUndefined();
    clock.nowMs = MINUTE;
    resolved.sweep();
    expect(asked).toHaveLength(1);
  });
});

test("the failure of a look-up is told to whoever needs the address", async () => {
  const { resolved, last } = names();
  resolved.follow("a", MINUTE, () => undefined);
  const waiting = resolved.lookup("a").catch((cause: unknown) => cause);
  const failure = new Error("NXDOMAIN");
  await last().answer(failure);
  expect(await waiting).toBe(failure);
});

test("a name that nobody follows is asked for each time", async () => {
  const { resolved, asked, last } = names();
  for (const address of ["10.0.0.1", "10.0.0.2"]) {
    const found = resolved.lookup("a");
    await last().answer([address]);
    expect(await found).toEqual([address]);
  }
  expect(asked).toHaveLength(2);
});
