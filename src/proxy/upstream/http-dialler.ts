import type { Cluster } from "#config/cluster.ts";
import type { ClientConnection, ConnectionOwner } from "#http/client/connection.ts";
import { http1Client } from "#http/client/http1-client-connection.ts";
import { http2Client } from "#http/http2/client-connection.ts";
import type { Http2Dialect, Http2Options } from "#http/http2/http2-options.ts";
import { hasHungUp, hasPendingInput } from "#net/pending-input.ts";
import type { Transport } from "#net/transport.ts";
import type { ConnectionSettings } from "../limits/connection-settings.ts";
import {
  type HttpVersion,
  ISTIO_HTTP1_ALPN,
  ISTIO_HTTP2_ALPN,
  offeredAlpn,
  WEFT_ALPN,
} from "./alpn.ts";
import type { DialResult, PoolDialler } from "./connection-pool.ts";
import { type DialSurroundings, dialHost, usesMutualTls } from "./dial.ts";
import { Greeting } from "./greeting.ts";
import type { Dialler, Host } from "./host.ts";

/**
 * Makes the connections of a cluster that carries requests; the handshake decides what is spoken on each. `clusterOf`: as
 * it is configured when a connection is made.
 */
export function httpDialler(
  surroundings: DialSurroundings,
  clusterOf: () => Cluster,
  settings: ConnectionSettings,
): Dialler {
  const { protocol } = clusterOf();
  const around = { ...surroundings, settings };
  return {
    version: protocol === "http2" ? "http2" : "http1",
    followsClient: protocol === "client",
    to: (host, version) => new HttpPoolDialler(around, clusterOf, host, version),
    tunnelTo: (host) =>
      usesMutualTls(clusterOf(), host)
        ? new HttpPoolDialler(around, clusterOf, host, "tunnel")
        : undefined,
  };
}

/**
 * Whether the kernel knows better than the event loop that an idle connection is not to be used: with HTTP/1 anything that
 * comes says so, in HTTP/2 a server may speak at any time.
 */
export function isLeft({ protocol, transport }: ClientConnection): boolean {
  return protocol === "h2" ? hasHungUp(transport) : hasPendingInput(transport);
}

interface HttpSurroundings extends DialSurroundings {
  readonly settings: ConnectionSettings;
}

class HttpPoolDialler implements PoolDialler {
  readonly mayShare: boolean;
  readonly #surroundings: HttpSurroundings;
  readonly #clusterOf: () => Cluster;
  readonly #host: Host;
  readonly #isMutual: boolean;
  readonly #alpn: readonly string[];
  /** In plaintext nothing is negotiated: the server is known to speak HTTP/2. */
  readonly #hasPriorKnowledge: boolean;

  constructor(
    surroundings: HttpSurroundings,
    clusterOf: () => Cluster,
    host: Host,
    version: HttpVersion | "tunnel",
  ) {
    const cluster = clusterOf();
    this.#surroundings = surroundings;
    this.#clusterOf = clusterOf;
    this.#host = host;
    this.#isMutual = usesMutualTls(cluster, host);
    this.#alpn = version === "tunnel" ? [ISTIO_HTTP1_ALPN] : offeredAlpn(cluster, version);
    this.#hasPriorKnowledge = !this.#isMutual && version === "http2";
    this.mayShare = this.#isMutual
      ? this.#alpn.some((name) => DIALECTS.has(name))
      : this.#hasPriorKnowledge;
  }

  dial(owner: ConnectionOwner, result: DialResult): void {
    dialHost(this.#surroundings, this.#clusterOf(), this.#host, this.#alpn, {
      connected: (transport, credentials) => this.#speak(transport, credentials, owner, result),
      failed: (failure) => result.failed(failure),
    });
  }

  credentials(): unknown {
    if (!this.#isMutual) return undefined;
    const own = this.#surroundings.identity();
    return typeof own === "string" ? undefined : own.context;
  }

  #speak(
    transport: Transport,
    credentials: unknown,
    owner: ConnectionOwner,
    result: DialResult,
  ): void {
    const { settings } = this.#surroundings;
    const dialect = this.#hasPriorKnowledge ? "standard" : DIALECTS.get(transport.tls?.alpn ?? "");
    if (dialect === undefined) {
      result.connected(http1Client(transport, owner, settings.http1Client), credentials);
      return;
    }
    const greeting = new Greeting(owner, result, credentials, this.#host.address);
    http2Client(transport, greeting, {
      ...settings.http2Client[dialect],
      ...http2Settings(this.#clusterOf()),
    });
  }
}

const DIALECTS: ReadonlyMap<string, Http2Dialect> = new Map([
  [WEFT_ALPN, "weft"],
  [ISTIO_HTTP2_ALPN, "standard"],
]);

function http2Settings({ http2 }: Cluster): Partial<Http2Options> {
  const { maxConcurrentStreams, keepAlive } = http2 ?? {};
  return {
    ...(maxConcurrentStreams !== undefined && { maxConcurrentStreams }),
    ...(keepAlive && {
      keepAlive: {
        timeoutMs: keepAlive.timeoutMs,
        ...(keepAlive.intervalMs !== undefined && { intervalMs: keepAlive.intervalMs }),
        ...(keepAlive.connectionIdleIntervalMs !== undefined && {
          idleIntervalMs: keepAlive.connectionIdleIntervalMs,
        }),
      },
    }),
  };
}
