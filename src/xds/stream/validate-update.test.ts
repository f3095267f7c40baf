import { describe, expect, test } from "bun:test";
import type { ConfigResource, Snapshot } from "#config/snapshot.ts";
import {
  cluster,
  endpoints,
  listener,
  resource,
  routes,
  secret,
  snapshotOf,
  virtualHost,
} from "../../../test/support/config-samples.ts";
import { describeIssues, validateUpdate } from "./validate-update.ts";

const ground = snapshotOf(cluster("a"), routes("r"));
const noBrackets = (pattern: string) => (pattern.includes("[") ? "it has a bracket" : undefined);

/** What is wrong with one resource, on top of the others. */
function problems(upserted: ConfigResource, others: Snapshot = ground): readonly string[] {
  const snapshot: Snapshot = {
    ...others,
    [upserted.type]: new Map<string, ConfigResource>(others[upserted.type]).set(
      upserted.name,
      upserted,
    ),
  };
  const update = { type: upserted.type, upserted: [upserted], removed: [], snapshot };
  return validateUpdate(update, noBrackets).map(({ path, message }) => `${path}: ${message}`);
}

const host = virtualHost("r/shop", "a");
const [route] = host.value.routes;
const withRoute = (change: object) =>
  resource("virtual-host", "r/shop", {
    ...host.value,
    routes: [{ ...route, ...change } as (typeof host.value.routes)[number]],
  });

test("good configuration has no issue", () => {
  for (const good of [host, cluster("b"), endpoints("a"), listener("l"), secret(), routes("x")])
    expect(problems(good)).toEqual([]);
});

test("a route may lead to a cluster that does not exist, before and after it is removed", () => {
  expect(problems(virtualHost("r/shop", "gone"))).toEqual([]);
  const snapshot = { ...snapshotOf(host, routes("r")) };
  const update = { type: "cluster" as const, upserted: [], removed: ["a"], snapshot };
  expect(validateUpdate(update, noBrackets)).toEqual([]);
});

describe("an issue names the resource and the field when", () => {
  test("a virtual host belongs to no route configuration", () => {
    expect(problems(virtualHost("none/shop", "a"))).toEqual([
      'virtual-host "none/shop": its route configuration "none" is not there',
    ]);
  });

  test("weights add up to nothing or to too much", () => {
    const edits = { set: [], add: [], remove: [] };
    const weigh = (...weights: number[]) =>
      withRoute({
        action: {
          kind: "forward",
          clusters: weights.map((weight) => ({
            cluster: "a",
            weight,
            requestHeaders: edits,
            responseHeaders: edits,
          })),
        },
      });
    expect(problems(weigh(0, 0))[0]).toContain("routes[0].clusters: the weights add up to 0");
    expect(problems(weigh(0xffff_ffff, 1))[0]).toContain("add up to more than 4294967295");
    expect(problems(weigh(0, 1))).toEqual([]);
  });

  test("a pattern is refused, wherever it stands", () => {
    const bad = { kind: "regex", value: "[" };
    const match = {
      path: bad,
      headers: [{ name: "h", match: bad, invert: false }],
      query: [{ name: "q", match: bad }],
    };
    expect(problems(withRoute({ match })).length).toBe(3);
    expect(problems(withRoute({ match }))[1]).toBe(
      'virtual-host "r/shop" routes[0].match.headers[0]: the pattern "[" is refused: it has a bracket',
    );
  });

  test("a policy has an address that is none", () => {
    const inbound = resource("listener", "inbound|80", {
      kind: "inbound",
      name: "inbound|80",
      address: { host: "localhost", port: 0 },
      workloadPort: 80,
      mtls: "strict",
      authorization: {
        deny: [
          {
            name: "ns[a]-policy[b]-rule[0]",
            origin: { kind: "AuthorizationPolicy", namespace: "a", name: "b", generation: 1 },
            when: { kind: "not", of: { kind: "source-ip", cidr: "10.0.0.0/33" } },
          },
        ],
      },
      routes: { name: "inbound|80", vhds: false, virtualHosts: [] },
      http: { pathNormalization: "base", searchDomains: [] },
      origins: {},
    });
    expect(problems(inbound)).toEqual([
      'listener "inbound|80" address.port: 0 is not a port: 1 to 65535',
      'listener "inbound|80" address.host: "localhost" is not an IP address',
      'listener "inbound|80" ns[a]-policy[b]-rule[0]: "10.0.0.0/33" is not an address or CIDR block',
    ]);
  });

  test("an endpoint has no port or no weight", () => {
    const set = endpoints("a", "1", 0);
    expect(problems(set)).toHaveLength(2);
  });

  test("a trust bundle is empty", () => {
    const empty = resource("secret", "ROOTCA", { name: "ROOTCA", kind: "trust-bundle", roots: [] });
    expect(problems(empty)).toHaveLength(1);
  });
});

test("a sentence about many issues names a few and counts the rest", () => {
  const issue = { path: "p", code: "c", message: "m" };
  expect(describeIssues(Array(8).fill(issue))).toEndWith("p: m; and 3 more");
});
