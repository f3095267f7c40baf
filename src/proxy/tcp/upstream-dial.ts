import type { Transport } from "#net/transport.ts";
import type { Failure } from "../local-reply.ts";
import type { ProxyRuntime } from "../proxy-runtime.ts";
import { upstreamFragment } from "../telemetry/access-log-line.ts";
import { type DialSurroundings, dialHost, TCP_ALPN } from "../upstream/dial.ts";
import type { Host } from "../upstream/host.ts";
import type { LimitedPool } from "../upstream/pool-limits.ts";
import type { UpstreamCluster } from "../upstream/upstream-cluster.ts";

/** What dialling for connections needs of the proxy. */
export interface DialContext {
  readonly runtime: ProxyRuntime;
  readonly dialling: DialSurroundings;
}

/** A connection to one host of a cluster that counts against its limits until it is released. */
export interface OpenUpstream {
  /** Reads nothing before somebody is attached. */
  readonly transport: Transport;
  readonly cluster: UpstreamCluster;
  readonly host: Host;
  readonly attempts: number;
  readonly connectMs: number;
  /** To be called once, when the connection is over. */
  release(): void;
}

export interface FailedUpstream {
  readonly failure: Failure;
  readonly attempts: number;
  /** Keys of the access log that name the host that was tried last. */
  readonly logFragment: string;
}

/** Told once, unless the dial is cancelled. Never from within the call that began it. */
export interface DialOutcome {
  connected(upstream: OpenUpstream): void;
  failed(failed: FailedUpstream): void;
}

/** As often as a request is tried: a connection that was not made has carried nothing, so another host may be asked. */
export const CONNECT_ATTEMPTS_MAX = 3;
/** Looks for a host that was not tried, as for requests. */
const SELECTION_ATTEMPTS = 5;

/** One connection on its way to some host of a cluster. */
export class UpstreamDial {
  readonly cluster: UpstreamCluster;
  readonly #context: DialContext;
  readonly #outcome: DialOutcome;
  readonly #startedAtMs: number;
  readonly #tried: Host[] = [];
  #attempts = 0;
  #isRetrying = false;
  #isCancelled = false;

  constructor(context: DialContext, cluster: UpstreamCluster, outcome: DialOutcome) {
    this.cluster = cluster;
    this.#context = context;
    this.#outcome = outcome;
    this.#startedAtMs = context.runtime.clock.monotonicMs();
    if (takePlace(cluster)) this.#try();
    else this.#refuse(overflow(cluster));
  }

  /** What is connected later is closed at once; nobody hears of it. */
  cancel(): void {
    this.#isCancelled = true;
  }

  #try(): void {
    const { cluster } = this;
    const host = cluster.pick(this.#tried, SELECTION_ATTEMPTS);
    if (host === undefined) {
      this.#endRetry();
      cluster.usage.givePlace(NO_POOL);
      this.#refuse({
        code: "no-healthy-upstream",
        message: `${cluster.what} has no endpoint that may be used`,
      });
      return;
    }
    this.#attempts++;
    host.activeRequests++;
    dialHost(this.#context.dialling, cluster.config, host, TCP_ALPN, {
      connected: (transport) => this.#connected(host, transport),
      failed: (failure) => this.#failed(host, failure),
    });
  }

  #connected(host: Host, transport: Transport): void {
    const { cluster } = this;
    this.#endRetry();
    cluster.answered(host, 200);
    const release = () => {
      host.activeRequests--;
      cluster.usage.givePlace(NO_POOL);
    };
    if (this.#isCancelled) {
      transport.destroy();
      release();
      return;
    }
    const connectMs = this.#context.runtime.clock.monotonicMs() - this.#startedAtMs;
    const attempts = this.#attempts;
    this.#outcome.connected({ transport, cluster, host, attempts, connectMs, release });
  }

  #failed(host: Host, failure: Failure): void {
    const { cluster } = this;
    host.activeRequests--;
    cluster.failedLocally(host);
    this.#tried.push(host);
    if (!this.#isCancelled && this.#mayRetry()) {
      this.#try();
      return;
    }
    this.#endRetry();
    cluster.usage.givePlace(NO_POOL);
    if (this.#isCancelled) return;
    const { logFragment } = host;
    queueMicrotask(() => this.#tell({ failure, attempts: this.#attempts, logFragment }));
  }

  #mayRetry(): boolean {
    if (this.#attempts >= CONNECT_ATTEMPTS_MAX) return false;
    this.#isRetrying ||= this.cluster.startRetry();
    return this.#isRetrying;
  }

  #endRetry(): void {
    if (this.#isRetrying) this.cluster.endRetry();
    this.#isRetrying = false;
  }

  #refuse(failure: Failure): void {
    const logFragment = upstreamFragment(undefined, this.cluster.config.name);
    queueMicrotask(() => this.#tell({ failure, attempts: this.#attempts, logFragment }));
  }

  #tell(failed: FailedUpstream): void {
    if (!this.#isCancelled) this.#outcome.failed(failed);
  }
}

/** Connections of TCP have no pool that could wait. */
const NO_POOL: LimitedPool = { tryAgain: () => undefined, giveUpIdle: () => false };

/** An idle connection of requests makes room. */
function takePlace({ usage, config }: UpstreamCluster): boolean {
  const maxConnections = config.limits.maxConnections ?? Number.POSITIVE_INFINITY;
  if (usage.takePlace({ maxConnections })) return true;
  for (const pool of usage.pools) if (pool.giveUpIdle()) return usage.takePlace({ maxConnections });
  return false;
}

function overflow({ what, usage, config }: UpstreamCluster): Failure {
  const { maxConnections } = config.limits;
  const message = `${what}: ${usage.connections} connections are open, no more than ${maxConnections} may`;
  return { code: "circuit-open", message };
}
