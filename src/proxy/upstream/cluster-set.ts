import type { Cluster, SocketAddress } from "#config/cluster.ts";
import type { Endpoint } from "#config/endpoint.ts";
import type { Snapshot } from "#config/snapshot.ts";
import { UpstreamCluster, type UpstreamSurroundings } from "./upstream-cluster.ts";

/** Addresses of a name, any family. Rejects when there is none. */
export type Resolve = (name: string) => Promise<readonly string[]>;

export interface ClusterSetOptions extends UpstreamSurroundings {
  readonly resolve: Resolve;
}

/** All destinations of a proxy, kept in step with its configuration. */
export class ClusterSet {
  readonly #options: ClusterSetOptions;
  readonly #clusters = new Map<string, UpstreamCluster>();
  readonly #endpoints = new Map<string, unknown>();
  readonly #resolvedAtMs = new Map<string, number>();
  readonly #passthrough: Passthrough;

  constructor(options: ClusterSetOptions) {
    this.#options = options;
    this.#passthrough = new Passthrough(options);
  }

  get(name: string): UpstreamCluster | undefined {
    return this.#clusters.get(name);
  }

  get all(): IterableIterator<UpstreamCluster> {
    return this.#clusters.values();
  }

  /** A host outside the mesh, called by the name or address that the request gives. */
  passthrough(host: string, port: number): UpstreamCluster {
    return this.#passthrough.to(host, port);
  }

  apply(snapshot: Snapshot): void {
    for (const [name, cluster] of this.#clusters)
      if (!snapshot.cluster.has(name)) {
        this.#clusters.delete(name);
        this.#endpoints.delete(name);
        cluster.close();
      }
    for (const [name, { value }] of snapshot.cluster) {
      const known = this.#clusters.get(name);
      if (known === undefined) this.#clusters.set(name, new UpstreamCluster(value, this.#options));
      else known.configure(value);
      this.#applyEndpoints(name, value, snapshot);
    }
  }

  #applyEndpoints(name: string, { discovery }: Cluster, snapshot: Snapshot): void {
    const source =
      discovery.kind === "eds" ? snapshot.endpoints.get(discovery.name)?.value : discovery;
    if (this.#endpoints.has(name) && this.#endpoints.get(name) === source) return;
    this.#endpoints.set(name, source);
    if (discovery.kind === "dns") {
      this.#resolvedAtMs.delete(name);
      this.#resolveAgain(name);
    } else if (discovery.kind === "static")
      this.#clusters.get(name)?.setEndpoints(discovery.endpoints.map(plainEndpoint));
    else if (discovery.kind === "eds")
      this.#clusters
        .get(name)
        ?.setEndpoints(snapshot.endpoints.get(discovery.name)?.value.endpoints ?? []);
  }

  /** To be called about once a second. */
  sweep(): void {
    for (const [name, cluster] of this.#clusters) {
      cluster.sweep();
      if (cluster.config.discovery.kind === "dns") this.#resolveAgain(name);
    }
    this.#passthrough.sweep();
  }

  close(): void {
    for (const cluster of this.#clusters.values()) cluster.close();
    this.#passthrough.close();
  }

  #resolveAgain(name: string): void {
    const cluster = this.#clusters.get(name);
    const discovery = cluster?.config.discovery;
    if (cluster === undefined || discovery?.kind !== "dns") return;
    const nowMs = this.#options.nowMs();
    const last = this.#resolvedAtMs.get(name);
    if (last !== undefined && nowMs - last < discovery.refreshMs) return;
    this.#resolvedAtMs.set(name, nowMs);
    void resolveAll(discovery.hosts, this.#options.resolve).then((addresses) => {
      // What was known stays while the resolver fails: an outage of DNS is not one of the service.
      if (addresses.length > 0 && cluster.config.discovery === discovery)
        cluster.setEndpoints(addresses.map(plainEndpoint));
    });
  }
}

async function resolveAll(
  hosts: readonly SocketAddress[],
  resolve: Resolve,
): Promise<readonly SocketAddress[]> {
  const found = await Promise.allSettled(
    hosts.map(async ({ host, port }) =>
      (await resolve(host)).map((address) => ({ host: address, port })),
    ),
  );
  return found.flatMap((one) => (one.status === "fulfilled" ? one.value : []));
}

function plainEndpoint(address: SocketAddress): Endpoint {
  return {
    address,
    workloadPort: address.port,
    weight: 1,
    identities: [],
    transports: ["plain"],
  };
}

/** Destinations that no configuration names: made on first use, forgotten when they are idle. */
class Passthrough {
  readonly #options: ClusterSetOptions;
  readonly #clusters = new Map<string, { readonly cluster: UpstreamCluster; usedAtMs: number }>();

  constructor(options: ClusterSetOptions) {
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
  idleTimeoutMs: 60_000,
  origins: {},
};
