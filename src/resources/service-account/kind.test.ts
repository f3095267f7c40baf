import { expect, test } from "bun:test";
import { problemsOf } from "../../../test/support/read-resource.ts";
import { serviceAccountKind } from "./kind.ts";

test("a name is a DNS subdomain", () => {
  expect(problemsOf(serviceAccountKind, { metadata: { name: "a.b", namespace: "shop" } })).toEqual(
    [],
  );
  expect(problemsOf(serviceAccountKind, { metadata: { name: "A", namespace: "shop" } })).toEqual([
    "metadata.name: invalid",
  ]);
});

test("labels and annotations of any object are checked", () => {
  const metadata = {
    name: "a",
    labels: { "a/b/c": "d", ok: "-x" },
    annotations: { "a b": "", long: "x".repeat(300_000) },
  };
  expect(problemsOf(serviceAccountKind, { metadata })).toEqual([
    "metadata.labels[a/b/c]: invalid",
    "metadata.labels.ok: invalid",
    "metadata.annotations[a b]: invalid",
    "metadata.annotations: out-of-range",
  ]);
});
