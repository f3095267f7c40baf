import type { PeerCertificates } from "./peer-certificates.ts";
import type { Setup } from "./setup.ts";

/** One proxy of a setup, before a program's own words. */
export type Hop =
  | { readonly kind: "plain" }
  /** Takes plaintext, speaks mutual TLS to the next proxy. */
  | { readonly kind: "client-side"; readonly certificates: PeerCertificates }
  /** Takes mutual TLS, hands plaintext to the backend. */
  | { readonly kind: "server-side"; readonly certificates: PeerCertificates };

export interface HopOptions {
  readonly setup: Setup;
  readonly hop: Hop;
  readonly listenPort: number;
  /** For HTTP/2 clients, where the program cannot take them on the same port. */
  readonly http2Port: number;
  readonly upstreamPort: number;
  /** What the two proxies of a pair speak. */
  readonly between: "http/1.1" | "h2";
  readonly logged: boolean;
  /** A folder of the hop's own. */
  readonly folder: string;
}

/** Whether this hop speaks HTTP/2 to what comes after it. */
export const speaksHttp2Upstream = ({ setup, hop, between }: HopOptions): boolean =>
  setup.kind === "grpc" || (hop.kind === "client-side" && between === "h2");
