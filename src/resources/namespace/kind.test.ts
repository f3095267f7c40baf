import { expect, test } from "bun:test";
import { problemsOf } from "../../../test/support/read-resource.ts";
import { namespaceKind } from "./kind.ts";

test("a name is one DNS label", () => {
  expect(problemsOf(namespaceKind, { metadata: { name: "a.b" } })).toEqual([
    "metadata.name: invalid",
  ]);
  expect(problemsOf(namespaceKind, { metadata: {} })).toEqual(["metadata.name: required"]);
});

test("defaults name it in a label and make it active", () => {
  const object = {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: "shop", labels: { a: "b" } },
  };
  expect(namespaceKind.applyDefaults?.(object)).toMatchObject({
    metadata: { labels: { a: "b", "kubernetes.io/metadata.name": "shop" } },
    status: { phase: "Active" },
  });
});

test("one that is being removed stays so", () => {
  const object = {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: "shop" },
    status: { phase: "Terminating" },
  };
  const [status] = namespaceKind.columns;
  expect(status?.value(namespaceKind.applyDefaults?.(object) ?? object)).toBe("Terminating");
});
