import { connect } from "#net/connect.ts";
import type { Transport } from "#net/transport.ts";

/** A plain connection to a port of loopback. */
export function openTransport(port: number): Promise<Transport> {
  return connect({ address: { host: "127.0.0.1", port } });
}
