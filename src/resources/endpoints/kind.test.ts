import { expect, test } from "bun:test";
import { problemsOf } from "../../../test/support/read-resource.ts";
import { endpointsKind } from "./kind.ts";

const ports = [{ port: 80 }];

test("addresses are IP addresses", () => {
  const subsets = [{ addresses: [{ ip: "a" }], notReadyAddresses: [{ ip: "::1" }], ports }];
  expect(problemsOf(endpointsKind, { subsets })).toEqual(["subsets[0].addresses[0].ip: invalid"]);
});

test("the column shows three addresses and how many more", () => {
  const addresses = [1, 2, 3, 4].map((last) => ({ ip: `192.0.2.${last}` }));
  const object = {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: { name: "a", namespace: "shop" },
    subsets: [{ addresses, ports }],
  };
  expect(endpointsKind.columns[0]?.value(object)).toBe(
    "192.0.2.1:80,192.0.2.2:80,192.0.2.3:80 + 1 more...",
  );
  expect(endpointsKind.columns[0]?.value({ ...object, subsets: [] })).toBe("<none>");
});
