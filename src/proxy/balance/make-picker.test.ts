import { describe, expect, test } from "bun:test";
import type { Balancer } from "#config/cluster.ts";
import { makePicker } from "./make-picker.ts";
import { pickAvoiding } from "./picker.ts";

interface Host {
  readonly name: string;
  readonly weight: number;
  activeRequests: number;
}

const host = (name: string, weight = 1, activeRequests = 0): Host => ({
  name,
  weight,
  activeRequests,
});

/** A small generator of its own, so that every run draws the same numbers. */
function seeded(): () => number {
  let state = 42;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function shares(balancer: Balancer, hosts: readonly Host[], draws = 20_000): Map<string, number> {
  const picker = makePicker(balancer, hosts);
  const random = seeded();
  const counts = new Map<string, number>();
  for (let i = 0; i < draws; i++) {
    const { name } = picker.pick(random) ?? { name: "none" };
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return new Map([...counts].map(([name, count]) => [name, count / draws]));
}

const kinds = ["least-request", "round-robin", "random"] as const;

describe.each(kinds)("every balancer: %s", (kind) => {
  test("has nothing to choose among no candidates", () => {
    expect(makePicker({ kind }, []).pick(Math.random)).toBeUndefined();
  });
  test("takes the only candidate", () => {
    expect(shares({ kind }, [host("a", 3)])).toEqual(new Map([["a", 1]]));
  });
  test("shares idle hosts evenly", () => {
    for (const [, share] of shares(
      { kind },
      ["a", "b", "c"].map((name) => host(name)),
    ))
      expect(share).toBeCloseTo(1 / 3, 1);
  });
  test("shares idle hosts by weight", () => {
    const given = shares({ kind }, [host("a", 1), host("b", 3), host("c", 4)]);
    expect(given.get("a") ?? 0).toBeCloseTo(0.125, 1);
    expect(given.get("b") ?? 0).toBeCloseTo(0.375, 1);
    expect(given.get("c") ?? 0).toBeCloseTo(0.5, 1);
  });
});

test("least-request of two hosts always takes the one with fewer requests", () => {
  const picker = makePicker({ kind: "least-request" }, [host("busy", 1, 5), host("idle", 1, 4)]);
  const random = seeded();
  for (let i = 0; i < 100; i++) expect(picker.pick(random)?.name).toBe("idle");
});

test("round-robin takes smooth turns by weight", () => {
  const picker = makePicker({ kind: "round-robin" }, [host("a", 5), host("b"), host("c")]);
  const turns = Array.from({ length: 7 }, () => picker.pick(() => 0)?.name).join("");
  expect(turns).toBe("aabacaa");
});

describe("hosts that were tried already", () => {
  const hosts = [host("a"), host("b"), host("c")];
  const [a, b, c] = hosts;
  test("are avoided while looking again is allowed", () => {
    const picker = makePicker({ kind: "round-robin" }, hosts);
    const tried = [a, b].filter((one) => one !== undefined);
    for (let i = 0; i < 10; i++) expect(pickAvoiding(picker, tried, 5, () => 0)).toBe(c);
  });
  test("are used again when there is no other", () => {
    const picker = makePicker({ kind: "random" }, hosts.slice(0, 1));
    expect(pickAvoiding(picker, hosts.slice(0, 1), 5, () => 0)).toBe(a);
  });
});
