import type { AppProtocol } from "../app-protocol.ts";
import type { ExportTo } from "../export-to.ts";
import type { ObjectIdentity } from "../identity.ts";
import type { LabelSet } from "../matching.ts";
import type { WorkloadAddress } from "../workload-entry/workload-entry.ts";

export interface ServiceEntry {
  readonly object: ObjectIdentity;
  /** Lower case; may begin with `*.` unless `dns` must resolve it. */
  readonly hosts: readonly string[];
  /** IP addresses that also name the service, as a request's authority. */
  readonly addresses: readonly string[];
  readonly ports: readonly ServiceEntryPort[];
  readonly location: "mesh-external" | "mesh-internal";
  /** By name, without endpoints the first host is resolved. `dns-round-robin`: a name stays one endpoint. */
  readonly resolution: "none" | "static" | "dns" | "dns-round-robin";
  readonly endpoints: readonly WorkloadAddress[];
  /** Labels of WorkloadEntries of the same namespace; never together with `endpoints`. */
  readonly workloadSelector?: LabelSet;
  readonly exportTo: ExportTo;
  /** SPIFFE IDs (`spiffe://…`) that the other side's certificate may also carry. */
  readonly subjectAltNames: readonly string[];
}

export interface ServiceEntryPort {
  readonly number: number;
  readonly name: string;
  readonly protocol: AppProtocol;
  /** Where endpoints listen unless they say otherwise; as `number` unless written. */
  readonly targetPort: number;
}
