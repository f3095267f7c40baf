import { expect, test } from "bun:test";
import { problemsOf } from "../../../test/support/read-resource.ts";
import { secretKind } from "./kind.ts";

test.each([
  [{ data: { a: "not base64!" } }, ["data.a: invalid"]],
  [{ data: { "a b": "" } }, ["data[a b]: invalid"]],
  [{ stringData: { "..": "" } }, ["data[..]: invalid"]],
  [{ data: { a: 1 } }, ["data.a: invalid-type"]],
  [{ stringData: { a: "x".repeat(1024 * 1024 + 1) } }, ["data: out-of-range"]],
  [{ type: "kubernetes.io/tls", stringData: { "tls.crt": "a" } }, ["data: required"]],
  [{ type: "kubernetes.io/tls", stringData: { "tls.crt": "a", "tls.key": "b" } }, []],
  [{ type: "kubernetes.io/basic-auth", stringData: { password: "a" } }, []],
])("a secret is checked (case %#)", (fields, expected) => {
  expect(problemsOf(secretKind, fields)).toEqual(expected);
});

test("texts are folded into the data and win over it", () => {
  const object = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "a", namespace: "shop" },
    data: { a: "b2xk", b: "a2VwdA==" },
    stringData: { a: "new" },
  };
  expect(secretKind.applyDefaults?.(object)).toEqual({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "a", namespace: "shop" },
    type: "Opaque",
    data: { a: "bmV3", b: "a2VwdA==" },
  });
});
