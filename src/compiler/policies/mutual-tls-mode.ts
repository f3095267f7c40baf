import type { Origin } from "#config/origin.ts";
import type { LabelSet } from "#resources/matching.ts";
import { rootNamespace } from "#resources/mesh-config/mesh-config.ts";
import type { PeerAuthentication } from "#resources/peer-authentication/peer-authentication.ts";
import { selects } from "../mesh/labels.ts";
import type { MeshModel } from "../mesh/mesh-model.ts";
import { originOf } from "../origin-of.ts";

export interface EffectiveMode {
  readonly mode: "strict" | "permissive" | "disable";
  /** Absent: no policy says anything, so it is the default. */
  readonly origin?: Origin;
}

/** The PeerAuthentications that concern one namespace, oldest first. */
export interface PeerPolicies {
  readonly own: readonly PeerAuthentication[];
  readonly root: readonly PeerAuthentication[];
}

const none: readonly PeerAuthentication[] = [];

export function peerPolicies(model: MeshModel, namespace: string): PeerPolicies {
  return {
    own: model.peerAuthentications.get(namespace) ?? none,
    root: model.peerAuthentications.get(rootNamespace) ?? none,
  };
}

/**
 * What a workload accepts on one of its own ports: the port's word, else the workload's, else the namespace's, else
 * the mesh's, else both. At each level the oldest policy speaks, and `unset` passes the question on.
 */
export function effectiveMode(
  { own, root }: PeerPolicies,
  labels: LabelSet,
  workloadPort: number,
): EffectiveMode {
  const workload = own.find(({ selector }) => selects(selector, labels));
  const port = workload?.portLevel.find(({ port }) => port === workloadPort);
  if (workload !== undefined && port !== undefined && port.mode !== "unset") {
    const rule = `spec.portLevelMtls[${workloadPort}]`;
    return { mode: port.mode, origin: originOf(workload.object, rule) };
  }
  for (const policy of [workload, own.find(isWide), root.find(isWide)])
    if (policy !== undefined && policy.mode !== "unset")
      return { mode: policy.mode, origin: originOf(policy.object, "spec.mtls") };
  return { mode: "permissive" };
}

/** Without a selector, or with one that names no label: for the whole namespace. */
function isWide({ selector }: PeerAuthentication): boolean {
  for (const _ in selector) return false;
  return true;
}
