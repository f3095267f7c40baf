import { describe, expect, test } from "bun:test";
import { problemsOf } from "../../../test/support/read-resource.ts";
import { destinationRuleKind } from "./kind.ts";

const problems = (spec: object): readonly string[] => problemsOf(destinationRuleKind, { spec });
const withPolicy = (trafficPolicy: object): readonly string[] =>
  problems({ host: "a", trafficPolicy });

const policy = "spec.trafficPolicy";

describe("a rule", () => {
  test.each([
    [{}, ["spec.host: required"]],
    [{ host: "" }, ["spec.host: invalid"]],
    [{ host: "a", workloadSelector: {} }, ["spec.workloadSelector: unsupported-field"]],
    [{ host: "a", exportTo: ["a", "~"] }, ["spec.exportTo: invalid"]],
    [{ host: "a", subsets: [{ name: "v1" }, { name: "v1" }] }, ["spec.subsets[1].name: duplicate"]],
    [{ host: "a", subsets: [{ name: "v.1" }] }, ["spec.subsets[0].name: invalid"]],
    [
      { host: "a", subsets: [{ name: "v1", labels: { v: "*" } }] },
      ["spec.subsets[0].labels.v: invalid"],
    ],
    [
      { host: "a", subsets: [{ lables: {} }] },
      ["spec.subsets[0].lables: unknown-field", "spec.subsets[0].name: required"],
    ],
  ])("%j has the problems %j", (spec, expected) => {
    expect(problems(spec)).toEqual(expected);
  });
});

describe("a traffic policy", () => {
  test.each([
    [{}, `${policy}: invalid`],
    [{ connectionPool: {} }, `${policy}.connectionPool: invalid`],
    [{ connectionPool: { tcp: {} } }, `${policy}.connectionPool.tcp: invalid`],
    [
      { connectionPool: { tcp: { maxConnections: 0 } } },
      `${policy}.connectionPool.tcp.maxConnections: out-of-range`,
    ],
    [
      { connectionPool: { tcp: { tcpKeepalive: { probes: 0 } } } },
      `${policy}.connectionPool.tcp.tcpKeepalive.probes: out-of-range`,
    ],
    [
      { connectionPool: { tcp: { tcpKeepalive: { time: "10h" } } } },
      `${policy}.connectionPool.tcp.tcpKeepalive.time: out-of-range`,
    ],
    [
      { connectionPool: { tcp: { idleTimeout: "-1h", maxConnections: 1 } } },
      `${policy}.connectionPool.tcp.idleTimeout: invalid`,
    ],
    [
      { connectionPool: { http: { h2UpgradePolicy: "ALWAYS" } } },
      `${policy}.connectionPool.http.h2UpgradePolicy: invalid`,
    ],
    [
      { connectionPool: { http: { h2UpgradePolicy: "UPGRADE", useClientProtocol: true } } },
      `${policy}.connectionPool.http.useClientProtocol: invalid`,
    ],
    [
      { connectionPool: { http: { http2KeepAlive: { timeout: "1s" } } } },
      `${policy}.connectionPool.http.http2KeepAlive: invalid`,
    ],
    [
      { connectionPool: { http: { maxConcurrentStreams: 0 } } },
      `${policy}.connectionPool.http.maxConcurrentStreams: out-of-range`,
    ],
    [
      { loadBalancer: { simple: "PASSTHROUGH" } },
      `${policy}.loadBalancer.simple: unsupported-value`,
    ],
    [{ loadBalancer: { simple: "LEAST_CONN" } }, `${policy}.loadBalancer.simple: invalid`],
    [{ tls: { mode: "SIMPLE" } }, `${policy}.tls.mode: unsupported-value`],
    [{ tls: { mode: "ISTIO_MUTUAL", sni: "a" } }, `${policy}.tls.sni: unsupported-field`],
    [
      { outlierDetection: { maxEjectionPercent: 101 } },
      `${policy}.outlierDetection.maxEjectionPercent: out-of-range`,
    ],
    [{ outlierDetection: { interval: "0s" } }, `${policy}.outlierDetection.interval: invalid`],
    [
      { outlierDetection: { consecutiveErrors: 1 } },
      `${policy}.outlierDetection.consecutiveErrors: unsupported-field`,
    ],
    [
      { outlierDetection: { consecutiveLocalOriginFailures: 1 } },
      `${policy}.outlierDetection.consecutiveLocalOriginFailures: invalid`,
    ],
    [
      { retryBudget: { budgetInterval: "1s" } },
      `${policy}.retryBudget.budgetInterval: unsupported-field`,
    ],
    [{ portLevelSettings: [{ port: { number: 80 } }] }, `${policy}.portLevelSettings[0]: invalid`],
    [
      {
        portLevelSettings: [80, 80].map((number) => ({
          port: { number },
          tls: { mode: "DISABLE" },
        })),
      },
      `${policy}.portLevelSettings[1].port.number: duplicate`,
    ],
    [{ tunnel: {}, tls: { mode: "DISABLE" } }, `${policy}.tunnel: unsupported-field`],
  ])("is refused with %j", (written, problem) => {
    expect(withPolicy(written)).toEqual([problem]);
  });
});

test("a rule that does nothing and a subset of everything are warned about", () => {
  const warnings = (spec: object) =>
    destinationRuleKind.warnings?.({
      apiVersion: "networking.istio.io/v1",
      kind: "DestinationRule",
      metadata: { name: "a", namespace: "shop" },
      spec,
    });
  expect(warnings({ host: "a" })).toHaveLength(1);
  expect(warnings({ host: "a", subsets: [{ name: "all" }] })).toEqual([
    "spec.subsets[0] (all) has no labels, so it is every endpoint of a",
  ]);
});
