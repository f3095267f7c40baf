import type { ObjectIdentity } from "../identity.ts";
import type { LabelSet } from "../matching.ts";

export interface WorkloadEntry extends WorkloadAddress {
  readonly object: ObjectIdentity;
}

/** The spec of a WorkloadEntry, and an endpoint of a ServiceEntry. */
export interface WorkloadAddress {
  /** IP address, or a DNS name where the ServiceEntry resolves by DNS, or `unix:///path` in a ServiceEntry. */
  readonly address: string;
  /** From the name of a service's port to the application's port. */
  readonly ports: Readonly<Record<string, number>>;
  readonly labels: LabelSet;
  /** 1 unless written. */
  readonly weight: number;
  /** Of the entry's namespace. Absent: `default`. */
  readonly serviceAccount?: string;
}
