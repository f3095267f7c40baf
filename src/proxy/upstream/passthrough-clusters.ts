import type { Cluster } from "#config/cluster.ts";
import { plainEndpoint } from "./plain-endpoint.ts";
import { UpstreamCluster, type UpstreamSurroundings } from "./upstream-cluster.ts";

/** Destinations that no configuration names: made on first use, forgotten when they are idle. */
export class PassthroughClusters {
  readonly #options: UpstreamSurroundings;
  readonly #clusters = new Map<string, { readonly cluster: UpstreamCluster; usedAtMs: number }>();

  constructor(options: UpstreamSurroundings) {
    this.#options = options;
  }

  to(host: string, port: number): UpstreamCluster {
    const key = `${host}:${port}`;
    const usedAtMs = this.#options.nowMs();
    const known = this.#clusters.get(key);
    if (known !== undefined) {
      known.usedAtMs = usedAtMs;
      return known.cluster;
    }
    const cluster = new UpstreamCluster(passthroughConfig, this.#options);
    cluster.setEndpoints([plainEndpoint({ host, port })]);
    this.#clusters.set(key, { cluster, usedAtMs });
    return cluster;
  }

  sweep(): void {
    const idleSince = this.#options.nowMs() - PASSTHROUGH_IDLE_MS;
    for (const [key, { cluster, usedAtMs }] of this.#clusters) {
      cluster.sweep();
      if (usedAtMs > idleSince || cluster.activeRequests > 0) continue;
      this.#clusters.delete(key);
      cluster.close();
    }
  }

  close(): void {
    for (const { cluster } of this.#clusters.values()) cluster.close();
  }
}

const PASSTHROUGH_IDLE_MS = 60_000;

const passthroughConfig: Cluster = {
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
