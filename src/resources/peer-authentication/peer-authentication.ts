import type { ObjectIdentity } from "../identity.ts";
import type { LabelSet } from "../matching.ts";

export interface PeerAuthentication {
  readonly object: ObjectIdentity;
  /** Absent: the whole namespace, or the whole mesh when in the root namespace. */
  readonly selector?: LabelSet;
  readonly mode: MutualTlsMode;
  /** By the workload's own port. */
  readonly portLevel: readonly { readonly port: number; readonly mode: MutualTlsMode }[];
}

/** `unset` falls through to the next wider policy. */
export type MutualTlsMode = "unset" | "disable" | "permissive" | "strict";
