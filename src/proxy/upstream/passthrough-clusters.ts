import type { Cluster } from "#config/cluster.ts";
import { plainEndpoint } from "./plain-endpoint.ts";
import { UpstreamCluster, type UpstreamSurroundings } from "./upstream-cluster.ts";

interface Called {
  readonly cluster: UpstreamCluster;
  readonly of: UpstreamCluster;
  usedAtMs: number;
}

/**
 * What is called by the name or address that a request gives: one cluster for each, made on first use and forgotten when
 * it is idle. All that were called by one configured cluster share its settings and its limits.
 */
export class PassthroughClusters {
  readonly #options: UpstreamSurroundings;
  readonly #called = new Map<string, Called>();
  #outside: UpstreamCluster | undefined;

  constructor(options: UpstreamSurroundings) {
    this.#options = options;
  }

  /** `of`: the cluster that the configuration has for it; undefined where nothing is configured. */
  to(of: UpstreamCluster | undefined, host: string, port: number): UpstreamCluster {
    const configured = of ?? this.#unconfigured();
    const key = `${configured.config.name} ${host}:${port}`;
    const usedAtMs = this.#options.nowMs();
    const known = this.#called.get(key);
    if (known?.of === configured) {
      known.usedAtMs = usedAtMs;
      known.cluster.configure(configured.config);
      return known.cluster;
    }
    known?.cluster.close();
    const cluster = new UpstreamCluster(configured.config, this.#options, configured.usage);
    cluster.setEndpoints([plainEndpoint({ host, port })]);
    this.#called.set(key, { cluster, of: configured, usedAtMs });
    return cluster;
  }

  sweep(): void {
    const idleSince = this.#options.nowMs() - IDLE_MS;
    for (const [key, { cluster, usedAtMs }] of this.#called) {
      cluster.sweep();
      if (usedAtMs > idleSince || cluster.hosts.some(isUsed)) continue;
      this.#called.delete(key);
      cluster.close();
    }
  }

  /** A configured cluster is gone, and what was called by it with it. */
  forget(of: UpstreamCluster): void {
    for (const [key, called] of this.#called)
      if (called.of === of) {
        this.#called.delete(key);
        called.cluster.close();
      }
  }

  close(): void {
    for (const { cluster } of this.#called.values()) cluster.close();
    this.#outside?.close();
  }

  #unconfigured(): UpstreamCluster {
    this.#outside ??= new UpstreamCluster(unconfigured, this.#options);
    return this.#outside;
  }
}

const IDLE_MS = 60_000;

function isUsed(host: { readonly connections: number; readonly activeRequests: number }): boolean {
  return host.connections > 0 || host.activeRequests > 0;
}

const unconfigured: Cluster = {
  name: "PassthroughCluster",
  discovery: { kind: "passthrough" },
  connectTimeoutMs: 10_000,
  balancer: { kind: "random" },
  limits: { maxRequestsPerConnection: 0 },
  retryBudget: { percent: 20, minConcurrency: 3 },
  transport: { kind: "plain" },
  protocol: "client",
  idleTimeoutMs: 60_000,
  origins: {},
};
