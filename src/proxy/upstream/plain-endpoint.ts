import type { Endpoint } from "#config/endpoint.ts";
import type { SocketAddress } from "#config/socket-address.ts";

/** An address about which nothing more is known. */
export function plainEndpoint(address: SocketAddress): Endpoint {
  return {
    address,
    workloadPort: address.port,
    weight: 1,
    identities: [],
    transports: ["plain"],
  };
}
