import type { Endpoint } from "#config/endpoint.ts";
import type { SocketAddress } from "#config/socket-address.ts";
import { type Ejection, LocalEjection } from "../resilience/ejection.ts";
import { upstreamFragment } from "../telemetry/access-log-line.ts";
import type { RequestSeries } from "../telemetry/series.ts";
import type { HttpVersion } from "./alpn.ts";
import { ConnectionPool, type PoolDialler, type PoolSurroundings } from "./connection-pool.ts";

/** Makes the connections of one cluster. */
export interface Dialler {
  /** The version of a pool that does not follow the client. */
  readonly version: HttpVersion;
  /** Requests go out in the version in which they came, by one pool for each. */
  readonly followsClient: boolean;
  to(host: Host, version: HttpVersion): PoolDialler;
  /** For requests that change the protocol, each with a connection for itself; undefined: there are no others than `to` makes. */
  tunnelTo(host: Host): PoolDialler | undefined;
}

/** One endpoint of one cluster while the proxy knows it: its load, its health, its connections. */
export class Host {
  endpoint: Endpoint;
  readonly address: string;
  weight: number;
  ejection: Ejection = new LocalEjection();
  /** For requests in HTTP/1, or all where the cluster does not follow its clients. */
  readonly pool: ConnectionPool;
  readonly followsClient: boolean;
  /** Keys of the access log that name this host. */
  readonly logFragment: string;
  series: RequestSeries;
  activeRequests = 0;
  readonly #dialler: Dialler;
  readonly #surroundings: PoolSurroundings;
  readonly #mayShare: boolean;
  #http2Pool: ConnectionPool | undefined;
  #tunnelPool: ConnectionPool | undefined;

  constructor(
    endpoint: Endpoint,
    cluster: string,
    series: RequestSeries,
    dialler: Dialler,
    surroundings: PoolSurroundings,
  ) {
    this.endpoint = endpoint;
    this.address = addressText(endpoint.address);
    this.weight = weightOf(endpoint);
    this.logFragment = upstreamFragment(this.address, cluster);
    this.series = series;
    this.#dialler = dialler;
    this.#surroundings = surroundings;
    this.followsClient = dialler.followsClient;
    const poolDialler = dialler.to(this, dialler.version);
    this.#mayShare = poolDialler.mayShare;
    this.pool = new ConnectionPool(this.address, poolDialler, surroundings);
  }

  /** Asked for only by requests in HTTP/2 where the cluster follows its clients. */
  get http2Pool(): ConnectionPool {
    this.#http2Pool ??= this.#makePool("http2");
    return this.#http2Pool;
  }

  /** For requests that change the protocol, where they may not be a stream of a connection that others use. */
  get tunnelPool(): ConnectionPool {
    if (this.#tunnelPool !== undefined) return this.#tunnelPool;
    const dialler = this.#mayShare ? this.#dialler.tunnelTo(this) : undefined;
    if (dialler === undefined) return this.pool;
    this.#tunnelPool = new ConnectionPool(this.address, dialler, this.#surroundings);
    return this.#tunnelPool;
  }

  get connections(): number {
    return this.#sum(({ connections }) => connections);
  }

  get idleConnections(): number {
    return this.#sum(({ idleConnections }) => idleConnections);
  }

  /** Of HTTP/2. */
  get sharedConnections(): number {
    return this.#sum(({ sharedConnections }) => sharedConnections);
  }

  /** The same address and the same peer, of which something else is said now. Connections stay. */
  become(endpoint: Endpoint, series: RequestSeries): void {
    this.endpoint = endpoint;
    this.weight = weightOf(endpoint);
    this.series = series;
  }

  sweep(): void {
    for (const pool of this.#pools()) pool.sweep();
  }

  /** Idle connections close, busy ones finish what they do. */
  close(): void {
    for (const pool of this.#pools()) pool.close();
  }

  #sum(count: (pool: ConnectionPool) => number): number {
    return this.#pools().reduce((sum, pool) => sum + count(pool), 0);
  }

  #pools(): readonly ConnectionPool[] {
    const all = [this.pool, this.#http2Pool, this.#tunnelPool];
    return all.filter((pool) => pool !== undefined);
  }

  #makePool(version: HttpVersion): ConnectionPool {
    const dialler = this.#dialler.to(this, version);
    return new ConnectionPool(this.address, dialler, this.#surroundings);
  }
}

function weightOf({ weight }: Endpoint): number {
  return Math.max(1, weight);
}

/** `10.0.0.7:8080`, `[fd00::1]:8080` or `unix:///run/app.sock`. */
function addressText({ host, port, path }: SocketAddress): string {
  if (path !== undefined) return `unix://${path}`;
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}
