import type { Cluster } from "#config/cluster.ts";
import type { ClientConnection, ConnectionOwner } from "#http/client/connection.ts";
import { http1Client } from "#http/client/http1-client-connection.ts";
import type { Transport } from "#net/transport.ts";
import { type HttpVersion, ISTIO_HTTP1_ALPN } from "./alpn.ts";
import type { DialResult, PoolDialler } from "./connection-pool.ts";
import { type DialSurroundings, dialHost, usesMutualTls } from "./dial.ts";
import type { Dialler, Host } from "./host.ts";

/** Makes the connections of a cluster that carries requests; the handshake decides what is spoken on each. */
export function httpDialler(surroundings: DialSurroundings, cluster: Cluster): Dialler {
  return {
    version: cluster.protocol === "http2" ? "http2" : "http1",
    followsClient: cluster.protocol === "client",
    to: (host, version) => new HttpPoolDialler(surroundings, cluster, host, version),
  };
}

class HttpPoolDialler implements PoolDialler {
  readonly mayShare: boolean;
  readonly #surroundings: DialSurroundings;
  readonly #cluster: Cluster;
  readonly #host: Host;
  readonly #isMutual: boolean;
  readonly #alpn: readonly string[];

  constructor(surroundings: DialSurroundings, cluster: Cluster, host: Host, _version: HttpVersion) {
    this.#surroundings = surroundings;
    this.#cluster = cluster;
    this.#host = host;
    this.#isMutual = usesMutualTls(cluster, host);
    this.#alpn = [ISTIO_HTTP1_ALPN];
    this.mayShare = false;
  }

  dial(owner: ConnectionOwner, result: DialResult): void {
    dialHost(this.#surroundings, this.#cluster, this.#host, this.#alpn, {
      connected: (transport, credentials) =>
        result.connected(this.#speakOn(transport, owner), credentials),
      failed: (failure) => result.failed(failure),
    });
  }

  credentials(): unknown {
    if (!this.#isMutual) return undefined;
    const own = this.#surroundings.identity();
    return typeof own === "string" ? undefined : own.context;
  }

  #speakOn(transport: Transport, owner: ConnectionOwner): ClientConnection {
    return http1Client(transport, owner);
  }
}
