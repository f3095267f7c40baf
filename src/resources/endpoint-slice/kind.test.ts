import { expect, test } from "bun:test";
import { problemsOf } from "../../../test/support/read-resource.ts";
import { endpointSliceKind } from "./kind.ts";

test.each([
  [
    { addressType: "IPv4", endpoints: [{ addresses: ["::1"] }] },
    ["endpoints[0].addresses[0]: invalid"],
  ],
  [{ addressType: "IPv6", endpoints: [{ addresses: ["::1"] }] }, []],
  [{ addressType: "FQDN", endpoints: [{ addresses: ["a.example"] }] }, []],
  [
    { addressType: "IPv4", endpoints: [{ addresses: [] }] },
    ["endpoints[0].addresses: out-of-range"],
  ],
  [{ endpoints: [] }, ["addressType: required"]],
])("%j has the problems %j", (fields, expected) => {
  expect(problemsOf(endpointSliceKind, fields)).toEqual(expected);
});

test("defaults give ports a name and a protocol", () => {
  const object = {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: "a", namespace: "shop" },
    addressType: "IPv4",
    endpoints: [],
    ports: [{ port: 80 }],
  };
  expect(endpointSliceKind.applyDefaults?.(object).ports).toEqual([
    { name: "", protocol: "TCP", port: 80 },
  ]);
});
