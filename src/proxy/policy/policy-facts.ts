import type { RequestFacts } from "../router/request-facts.ts";

/** What an authorization policy may ask beyond the request itself. */
export interface PolicyFacts extends RequestFacts {
  /** The peer's SPIFFE ID without `spiffe://`; undefined: not authenticated. */
  readonly principal: string | undefined;
  /** Namespace of that identity. */
  readonly namespace: string | undefined;
  /** The workload's own port. */
  readonly destinationPort: number;
  /** Address of the direct peer. */
  readonly sourceIp: string;
}
