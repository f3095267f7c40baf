import type { SocketAddress } from "#config/cluster.ts";
import type { Endpoint } from "#config/endpoint.ts";

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
