import type { InboundListener, OutboundListener } from "#config/listener.ts";
import type { CompiledAuthorization } from "./policy/authorize.ts";
import type { RouteTable } from "./router/plan-request.ts";
import type { RequestSeries } from "./telemetry/series.ts";

/** What one listener does now. The record is one for the listener's life; a new configuration replaces its fields at once. */
export type ListenerState = InboundState | OutboundState;

export interface InboundState {
  readonly kind: "inbound";
  config: InboundListener;
  table: RouteTable;
  authorization: CompiledAuthorization;
  /** The same rules for connections whose content is not HTTP. */
  connectionAuthorization: CompiledAuthorization;
}

export interface OutboundState {
  readonly kind: "outbound";
  config: OutboundListener;
  table: RouteTable;
}

/** One connection from a caller, and all that its requests have in common. */
export interface Downstream {
  readonly listener: ListenerState;
  /** SPIFFE ID without `spiffe://`; undefined: not authenticated. */
  readonly principal: string | undefined;
  readonly namespace: string | undefined;
  readonly remoteIp: string;
  /** Keys of the access log that name this connection. */
  readonly logFragment: string;
  /** The authority that is called whatever Host says; undefined: the request decides. */
  readonly authority: string | undefined;
  /** Value of `x-forwarded-client-cert`; undefined: the field is removed. */
  readonly clientCertField: string | undefined;
  /** Inbound: counted for this caller; made at its first request, which may say who it is. */
  series: RequestSeries | undefined;
  /** Outbound, inside CONNECT: tried when the request's own authority is unknown. */
  readonly fallbackAuthority: string | undefined;
}
