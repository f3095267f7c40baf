import { authorizationPolicyKind } from "./authorization-policy/kind.ts";
import { destinationRuleKind } from "./destination-rule/kind.ts";
import { endpointSliceKind } from "./endpoint-slice/kind.ts";
import { endpointsKind } from "./endpoints/kind.ts";
import type { ResourceKind } from "./kind.ts";
import { meshConfigKind } from "./mesh-config/kind.ts";
import { namespaceKind } from "./namespace/kind.ts";
import { peerAuthenticationKind } from "./peer-authentication/kind.ts";
import { secretKind } from "./secret/kind.ts";
import { serviceKind } from "./service/kind.ts";
import { serviceAccountKind } from "./service-account/kind.ts";
import { serviceEntryKind } from "./service-entry/kind.ts";
import { trafficSplitKind } from "./traffic-split/kind.ts";
import { virtualServiceKind } from "./virtual-service/kind.ts";
import { workloadEntryKind } from "./workload-entry/kind.ts";

/** Every kind that Weft knows: the one list. */
export const kinds: readonly ResourceKind[] = [
  namespaceKind,
  serviceAccountKind,
  serviceKind,
  endpointsKind,
  endpointSliceKind,
  secretKind,
  meshConfigKind,
  virtualServiceKind,
  destinationRuleKind,
  serviceEntryKind,
  workloadEntryKind,
  peerAuthenticationKind,
  authorizationPolicyKind,
  trafficSplitKind,
];

/** The kind of an object, by its group (`""` for core) and kind. */
export function findKind(group: string, kind: string): ResourceKind | undefined {
  return kinds.find((each) => each.group === group && each.kind === kind);
}

/** Group and version of an `apiVersion`: `v1` → `""`, `v1`. */
export function splitApiVersion(apiVersion: string): {
  readonly group: string;
  readonly version: string;
} {
  const slash = apiVersion.indexOf("/");
  if (slash < 0) return { group: "", version: apiVersion };
  return { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}
