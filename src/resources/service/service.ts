import type { ExportTo } from "../export-to.ts";
import type { ObjectIdentity } from "../identity.ts";
import type { LabelSet } from "../matching.ts";

/** What the mesh reads of a core Service. */
export interface Service {
  readonly object: ObjectIdentity;
  /** `<name>.<namespace>.svc.cluster.local` */
  readonly host: string;
  readonly type: "ClusterIP" | "NodePort" | "LoadBalancer" | "ExternalName";
  /** Without `None`. */
  readonly clusterIps: readonly string[];
  readonly headless: boolean;
  readonly externalName?: string;
  readonly ports: readonly ServicePort[];
  /** Absent: endpoints are written by someone else (EndpointSlice, Endpoints). */
  readonly selector?: LabelSet;
  readonly publishNotReadyAddresses: boolean;
  /** From the annotation `networking.istio.io/exportTo`. */
  readonly exportTo: ExportTo;
}

export interface ServicePort {
  /** `""` when the only port has no name. */
  readonly name: string;
  readonly port: number;
  /** A number, or the name of a port of the workload. */
  readonly targetPort: number | string;
  readonly protocol: "TCP" | "UDP" | "SCTP";
  readonly appProtocol?: string;
}
