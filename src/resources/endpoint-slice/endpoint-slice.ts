import type { ObjectIdentity } from "../identity.ts";

/** Addresses of one service, whoever wrote them. Read from EndpointSlice and from Endpoints alike. */
export interface ServiceEndpoints {
  readonly object: ObjectIdentity;
  /** Name of the Service in the same namespace; `""` when the slice names none. */
  readonly service: string;
  /** Each group has its own ports. */
  readonly groups: readonly EndpointGroup[];
}

export interface EndpointGroup {
  readonly ports: readonly EndpointPort[];
  readonly endpoints: readonly SliceEndpoint[];
}

export interface EndpointPort {
  /** Name of the service's port. */
  readonly name: string;
  readonly port: number;
}

export interface SliceEndpoint {
  readonly address: string;
  readonly ready: boolean;
  /** Still answers while it terminates. */
  readonly serving: boolean;
  readonly terminating: boolean;
  /** `WorkloadEntry` or `Pod` and its name, when the writer said so. */
  readonly target?: { readonly kind: string; readonly name: string };
}
