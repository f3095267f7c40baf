import type { Endpoint } from "#config/endpoint.ts";
import { Ejection } from "../resilience/ejection.ts";
import { upstreamFragment } from "../telemetry/access-log-line.ts";
import type { RequestSeries } from "../telemetry/series.ts";
import { ConnectionPool, type PoolSurroundings } from "./connection-pool.ts";

/** One endpoint of one cluster while the proxy knows it: its load, its health, its connections. */
export class Host {
  readonly endpoint: Endpoint;
  readonly address: string;
  readonly weight: number;
  readonly ejection = new Ejection();
  readonly pool: ConnectionPool;
  /** Keys of the access log that name this host. */
  readonly logFragment: string;
  readonly series: RequestSeries;
  activeRequests = 0;

  constructor(
    endpoint: Endpoint,
    cluster: string,
    series: RequestSeries,
    surroundings: PoolSurroundings,
  ) {
    const { host, port } = endpoint.address;
    this.endpoint = endpoint;
    this.address = `${host.includes(":") ? `[${host}]` : host}:${port}`;
    this.weight = Math.max(1, endpoint.weight);
    this.logFragment = upstreamFragment(this.address, cluster);
    this.series = series;
    this.pool = new ConnectionPool(this, surroundings);
  }
}
