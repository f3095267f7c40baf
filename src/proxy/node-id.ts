import type { Workload } from "#config/workload.ts";

/** Istio's form: `sidecar~<address>~<name>.<namespace>~<namespace>.svc.cluster.local`. */
export function nodeIdOf({ namespace, name, inbound, admin }: Workload): string {
  const host = inbound[0]?.address.host ?? admin.host;
  return `sidecar~${host}~${name}.${namespace}~${namespace}.svc.cluster.local`;
}
