import { expect, test } from "bun:test";
import { problemsOf } from "../../../test/support/read-resource.ts";
import { workloadEntryKind } from "./kind.ts";

test.each([
  [{}, ["spec.address: required"]],
  [{ address: "" }, ["spec.address: invalid"]],
  [{ address: "300.1.1.1" }, ["spec.address: invalid"]],
  [{ address: "unix:///run/app" }, ["spec.address: invalid"]],
  [{ address: "db.example.com" }, []],
  [{ address: "::1", ports: { http: 70000 } }, ["spec.ports.http: out-of-range"]],
  [{ address: "::1", ports: { "a b": 1 } }, ["spec.ports[a b]: invalid"]],
  [{ address: "::1", weight: 0 }, ["spec.weight: out-of-range"]],
  [{ address: "::1", serviceAccount: "A" }, ["spec.serviceAccount: invalid"]],
  [{ address: "::1", labels: { app: "a b" } }, ["spec.labels.app: invalid"]],
  [
    { address: "::1", network: "a", locality: "b" },
    ["spec.network: unsupported-field", "spec.locality: unsupported-field"],
  ],
])("%j has the problems %j", (spec, expected) => {
  expect(problemsOf(workloadEntryKind, { spec })).toEqual(expected);
});
