import { expect, test } from "bun:test";
import { problemsOf } from "../../../test/support/read-resource.ts";
import { meshConfigKind } from "./kind.ts";
import { defaultMeshConfig } from "./mesh-config.ts";
import { readMeshConfig } from "./read.ts";

const metadata = { name: "default" };

test.each([
  [{ outboundTrafficPolicy: { mode: "DENY" } }, ["spec.outboundTrafficPolicy.mode: invalid"]],
  [
    { pathNormalization: { normalization: "DEFAULT" } },
    ["spec.pathNormalization.normalization: unsupported-value"],
  ],
  [{ enableTracing: true }, ["spec.enableTracing: unsupported-field"]],
  [{ rootNamespace: "a" }, ["spec.rootNamespace: unsupported-field"]],
  [{ conectTimeout: "1s" }, ["spec.conectTimeout: unknown-field"]],
  [{ connectTimeout: "0s" }, ["spec.connectTimeout: invalid"]],
  [{ trustDomain: "a b" }, ["spec.trustDomain: invalid"]],
  [
    { defaultHttpRetryPolicy: { attempts: 1, retryOn: "sometimes" } },
    ["spec.defaultHttpRetryPolicy.retryOn: invalid"],
  ],
])("%j has the problems %j", (spec, expected) => {
  expect(problemsOf(meshConfigKind, { metadata, spec })).toEqual(expected);
});

test("there is one, named default", () => {
  expect(problemsOf(meshConfigKind, { metadata: { name: "other" } })).toEqual([
    "metadata.name: invalid",
  ]);
});

test("what is not written is as if no object were stored", () => {
  const { object: _, ...read } = readMeshConfig({
    apiVersion: "weft.dev/v1",
    kind: "MeshConfig",
    metadata,
  });
  expect(read).toEqual(defaultMeshConfig);
});
