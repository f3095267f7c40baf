import { expect, test } from "bun:test";
import { problemsOf } from "../../../test/support/read-resource.ts";
import { trafficSplitKind } from "./kind.ts";
import { weightMillis } from "./weight.ts";

const backend = (weight: unknown, service = "a") => ({ service, weight });

test.each([
  [{ backends: [] }, ["spec.backends: out-of-range"]],
  [{ backends: [{ service: "a" }] }, ["spec.backends[0].weight: required"]],
  [
    { backends: [backend(1), backend(1, "a.shop.svc.cluster.local")] },
    ["spec.backends[1].service: duplicate"],
  ],
  [{ backends: [backend(0), backend("0", "b")] }, ["spec.backends: invalid"]],
  [{ backends: [backend("half")] }, ["spec.backends[0].weight: invalid"]],
  [{ backends: [backend(-1)] }, ["spec.backends[0].weight: invalid"]],
  [{ backends: [backend(1.5)] }, ["spec.backends[0].weight: invalid-type"]],
  [{ backends: [backend(1)], matches: [] }, ["spec.matches: unsupported-field"]],
  [{ backends: [backend(1, "*.a")] }, ["spec.backends[0].service: invalid"]],
])("%j has the problems %j", (more, expected) => {
  expect(problemsOf(trafficSplitKind, { spec: { service: "root", ...more } })).toEqual(expected);
});

test.each([
  [1, 1000],
  ["1", 1000],
  ["500m", 500],
  ["0.25", 250],
  ["2k", 2_000_000],
  ["1e3", undefined],
  ["", undefined],
])("the weight %p is %p thousandths", (weight, millis) => {
  expect(weightMillis(weight)).toBe(millis as number);
});
