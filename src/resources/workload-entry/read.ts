import { identityOf } from "../identity.ts";
import type { Resource } from "../resource.ts";
import type { WorkloadAddressSpec } from "./schema.ts";
import type { WorkloadAddress, WorkloadEntry } from "./workload-entry.ts";

export function readWorkloadEntry(resource: Resource): WorkloadEntry {
  const spec = resource.spec as WorkloadAddressSpec;
  return { object: identityOf(resource), ...readWorkloadAddress(spec) };
}

export function readWorkloadAddress(spec: WorkloadAddressSpec): WorkloadAddress {
  return {
    address: spec.address,
    ports: spec.ports ?? {},
    labels: spec.labels ?? {},
    weight: spec.weight ?? 1,
    ...(spec.serviceAccount ? { serviceAccount: spec.serviceAccount } : {}),
  };
}
