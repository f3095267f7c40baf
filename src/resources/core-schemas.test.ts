import { expect, test } from "bun:test";
import {
  V1Endpoint,
  V1EndpointSlice,
  V1EndpointSubset,
  V1Endpoints,
  V1LabelSelector,
  V1LoadBalancerIngress,
  V1Namespace,
  V1ObjectMeta,
  V1Secret,
  V1Service,
  V1ServiceAccount,
  V1ServicePort,
  V1ServiceSpec,
} from "@kubernetes/client-node";
import type { JsonSchema } from "./kind.ts";
import { kinds } from "./kinds.ts";
import { childSchema, propertiesOf } from "./schema/unknown-fields.ts";

/** Core kinds are kept whole: their fields are compared with those of the Kubernetes project's own client. */

function schemaAt(kind: string, ...path: readonly (string | number)[]): JsonSchema {
  const found = kinds.find((each) => each.kind === kind)?.schema;
  const end = path.reduce<JsonSchema | undefined>((at, key) => at && childSchema(at, key), found);
  if (!end) throw new Error(`no schema at ${kind} ${path.join(".")}`);
  return end;
}

interface Model {
  getAttributeTypeMap(): readonly { readonly baseName: string }[];
}

test.each<[string, readonly (string | number)[], Model]>([
  ["Service", [], V1Service],
  ["Service", ["spec"], V1ServiceSpec],
  ["Service", ["spec", "ports", 0], V1ServicePort],
  ["Service", ["status", "loadBalancer", "ingress", 0], V1LoadBalancerIngress],
  ["Endpoints", [], V1Endpoints],
  ["Endpoints", ["subsets", 0], V1EndpointSubset],
  ["EndpointSlice", [], V1EndpointSlice],
  ["EndpointSlice", ["endpoints", 0], V1Endpoint],
  ["Secret", [], V1Secret],
  ["ServiceAccount", [], V1ServiceAccount],
  ["Namespace", [], V1Namespace],
  ["Namespace", ["metadata"], V1ObjectMeta],
])("%s %j has the fields that a cluster has", (kind, path, model) => {
  const known = model.getAttributeTypeMap().map(({ baseName }) => baseName);
  expect(Object.keys(propertiesOf(schemaAt(kind, ...path))).sort()).toEqual([...known].sort());
});

test("the comparison can fail", () => {
  const known = V1LabelSelector.getAttributeTypeMap().map(({ baseName }) => baseName);
  expect(Object.keys(propertiesOf(schemaAt("Secret"))).sort()).not.toEqual(known.sort());
});
