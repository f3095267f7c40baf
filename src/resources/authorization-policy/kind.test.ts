import { describe, expect, test } from "bun:test";
import { problemsOf } from "../../../test/support/read-resource.ts";
import { authorizationPolicyKind } from "./kind.ts";

const problems = (spec: object): readonly string[] => problemsOf(authorizationPolicyKind, { spec });
const fromSource = (source: object) => problems({ rules: [{ from: [{ source }] }] });
const toOperation = (operation: object) => problems({ rules: [{ to: [{ operation }] }] });
const when = (condition: object) => problems({ rules: [{ when: [condition] }] });

const source = "spec.rules[0].from[0].source";
const operation = "spec.rules[0].to[0].operation";
const condition = "spec.rules[0].when[0]";

test.each([
  [{ action: "DENY" }, ["spec.rules: required"]],
  [
    { action: "CUSTOM", provider: {} },
    ["spec.provider: unsupported-field", "spec.action: unsupported-value"],
  ],
  [{ targetRefs: [] }, ["spec.targetRefs: unsupported-field"]],
  [{ rules: [{ from: [] }] }, ["spec.rules[0].from: out-of-range"]],
  [{ rules: [{ to: [{}] }] }, ["spec.rules[0].to[0].operation: required"]],
  [{ rules: [null] }, ["spec.rules[0]: invalid-type"]],
  [{ rules: [{}] }, []],
  [{}, []],
])("%j has the problems %j", (spec, expected) => {
  expect(problems(spec)).toEqual(expected);
});

describe("a source", () => {
  test.each([
    [{}, `${source}: invalid`],
    [{ principals: [] }, `${source}.principals: out-of-range`],
    [{ principals: [""] }, `${source}.principals[0]: invalid`],
    [{ principals: ["spiffe://cluster.local/ns/a/sa/b"] }, `${source}.principals[0]: invalid`],
    [{ principals: ["a*b"] }, `${source}.principals[0]: invalid`],
    [
      { requestPrincipals: ["*"], namespaces: ["a"] },
      `${source}.requestPrincipals: unsupported-field`,
    ],
    [{ remoteIpBlocks: ["::1"], namespaces: ["a"] }, `${source}.remoteIpBlocks: unsupported-field`],
    [{ ipBlocks: ["10.0.0.0/33"] }, `${source}.ipBlocks[0]: invalid`],
    [{ serviceAccounts: ["a/*"] }, `${source}.serviceAccounts[0]: invalid`],
    [{ serviceAccounts: ["a/b/c"] }, `${source}.serviceAccounts[0]: invalid`],
    [{ serviceAccounts: ["a"], namespaces: ["b"] }, `${source}: invalid`],
    [
      { serviceAccounts: Array.from({ length: 17 }, (_, i) => `a${i}`) },
      `${source}.serviceAccounts: out-of-range`,
    ],
  ])("is refused with %j", (written, problem) => {
    expect(fromSource(written)).toEqual([problem]);
  });
});

describe("an operation", () => {
  test.each([
    [{}, `${operation}: invalid`],
    [{ ports: ["http"] }, `${operation}.ports[0]: invalid`],
    [{ ports: [80] }, `${operation}.ports[0]: invalid-type`],
    [{ paths: ["/a/*/b"] }, `${operation}.paths[0]: invalid`],
    [{ paths: ["/a?b"] }, `${operation}.paths[0]: invalid`],
    [{ paths: ["/{**}/a"] }, `${operation}.paths[0]: invalid`],
    [{ paths: ["/{id}/a"] }, `${operation}.paths[0]: invalid`],
    [{ paths: ["/a{*}"] }, `${operation}.paths[0]: invalid`],
    [{ paths: ["/{*}/a*"] }, `${operation}.paths[0]: invalid`],
    [{ notPaths: ["{*}"] }, `${operation}.notPaths[0]: invalid`],
    [{ methods: ["G*T"] }, `${operation}.methods[0]: invalid`],
    [{ metods: ["GET"] }, `${operation}.metods: unknown-field`],
  ])("is refused with %j", (written, problem) => {
    expect(toOperation(written)).toEqual([problem]);
  });
});

describe("a condition", () => {
  test.each([
    [{ key: "request.auth.claims[iss]", values: ["a"] }, `${condition}.key: unsupported-value`],
    [{ key: "source.ipp", values: ["a"] }, `${condition}.key: invalid`],
    [{ key: "request.headers[a b]", values: ["a"] }, `${condition}.key: invalid`],
    [{ key: "source.namespace" }, `${condition}: required`],
    [{ key: "source.ip", values: ["a"] }, `${condition}.values[0]: invalid`],
    [{ key: "destination.port", notValues: ["0"] }, `${condition}.notValues[0]: invalid`],
  ])("is refused with %j", (written, problem) => {
    expect(when(written)).toEqual([problem]);
  });
});

describe("warnings", () => {
  const warnings = (spec: object) =>
    authorizationPolicyKind.warnings?.({
      apiVersion: "security.istio.io/v1",
      kind: "AuthorizationPolicy",
      metadata: { name: "a", namespace: "shop" },
      spec,
    });

  test("say that a policy without rules denies everything", () => {
    expect(warnings({})).toEqual([
      "spec has no rules, so it denies every request to every workload of namespace shop",
    ]);
  });

  test("say that a rule about HTTP only leaves other connections denied", () => {
    expect(warnings({ rules: [{ to: [{ operation: { methods: ["GET"] } }] }] })).toHaveLength(1);
    expect(
      warnings({ rules: [{ to: [{ operation: { methods: ["GET"], ports: ["80"] } }] }] }),
    ).toEqual([]);
  });

  test("name paths that no request has", () => {
    expect(
      warnings({ rules: [{ to: [{ operation: { paths: ["charge"], ports: ["80"] } }] }] }),
    ).toEqual([
      'spec.rules[0].to[0].operation.paths[0] never matches: paths begin with /, and this is "charge"',
    ]);
  });
});
