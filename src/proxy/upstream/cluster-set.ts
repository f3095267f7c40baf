import type { Cluster } from "#config/cluster.ts";
import type { Endpoint } from "#config/endpoint.ts";
import { emptySnapshot, type Snapshot } from "#config/snapshot.ts";
import { PassthroughClusters } from "./passthrough-clusters.ts";
import { plainEndpoint } from "./plain-endpoint.ts";
import type { ResolvedNames } from "./resolved-names.ts";
import { UpstreamCluster, type UpstreamSurroundings } from "./upstream-cluster.ts";

export interface ClusterSetOptions extends UpstreamSurroundings {
  readonly names: ResolvedNames;
}

/**
 * The destinations of a proxy, kept in step with its configuration. One begins to exist, with its hosts, pools and counts,
 * when it is first asked for: a workload calls few of the services of a mesh, and each takes some 5 KB.
 */
export class ClusterSet {
  readonly #options: ClusterSetOptions;
  #snapshot: Snapshot = emptySnapshot;
  /** Those that were asked for, and those with names to be resolved before somebody asks. */
  readonly #clusters = new Map<string, UpstreamCluster>();
  readonly #endpoints = new Map<string, unknown>();
  readonly #following = new Map<string, readonly Disposable[]>();
  readonly #passthrough: PassthroughClusters;

  constructor(options: ClusterSetOptions) {
    this.#options = options;
    this.#passthrough = new PassthroughClusters(options);
  }

  get(name: string): UpstreamCluster | undefined {
    return this.#clusters.get(name) ?? this.#begin(name);
  }

  /** Those that were asked for so far. */
  get all(): IterableIterator<UpstreamCluster> {
    return this.#clusters.values();
  }

  /** All of the configuration, from now on. */
  every(): Iterable<UpstreamCluster> {
    for (const name of this.#snapshot.cluster.keys()) this.get(name);
    return this.#clusters.values();
  }

  /** What is called by its own name or address. `of`: the cluster that the configuration has for it, if any. */
  passthrough(of: UpstreamCluster | undefined, host: string, port: number): UpstreamCluster {
    return this.#passthrough.to(of, host, port);
  }

  apply(snapshot: Snapshot): void {
    for (const [name, cluster] of this.#clusters)
      if (!snapshot.cluster.has(name)) {
        this.#clusters.delete(name);
        this.#endpoints.delete(name);
        this.#stopFollowing(name);
        this.#passthrough.forget(cluster);
        cluster.close();
      }
    const isNews = this.#snapshot.cluster !== snapshot.cluster;
    this.#snapshot = snapshot;
    for (const [name, cluster] of this.#clusters) {
      const value = snapshot.cluster.get(name)?.value;
      if (value === undefined) continue;
      cluster.configure(value);
      this.#applyEndpoints(name, cluster, value);
    }
    if (!isNews) return;
    for (const [name, { value }] of snapshot.cluster)
      if (value.discovery.kind === "dns" && !this.#clusters.has(name)) this.#begin(name);
  }

  #begin(name: string): UpstreamCluster | undefined {
    const value = this.#snapshot.cluster.get(name)?.value;
    if (value === undefined) return undefined;
    const cluster = new UpstreamCluster(value, this.#options);
    this.#clusters.set(name, cluster);
    this.#applyEndpoints(name, cluster, value);
    return cluster;
  }

  #applyEndpoints(name: string, cluster: UpstreamCluster, { discovery }: Cluster): void {
    const { endpoints } = this.#snapshot;
    const source = discovery.kind === "eds" ? endpoints.get(discovery.name)?.value : discovery;
    if (this.#endpoints.has(name) && this.#endpoints.get(name) === source) return;
    this.#endpoints.set(name, source);
    this.#stopFollowing(name);
    if (discovery.kind === "dns") this.#useNames(name, cluster, discovery);
    else if (discovery.kind === "static")
      cluster.setEndpoints(discovery.endpoints.map(plainEndpoint));
    else if (discovery.kind === "eds")
      cluster.setEndpoints(endpoints.get(discovery.name)?.value.endpoints ?? []);
    else cluster.setEndpoints([]);
  }

  /** To be called about once a second. */
  sweep(): void {
    this.#options.names.sweep();
    for (const cluster of this.#clusters.values()) cluster.sweep();
    this.#passthrough.sweep();
  }

  close(): void {
    this.#snapshot = emptySnapshot; // nothing begins any more
    for (const name of [...this.#following.keys()]) this.#stopFollowing(name);
    for (const cluster of this.#clusters.values()) cluster.close();
    this.#passthrough.close();
  }

  /** Until a name is resolved it is an endpoint itself, which a request that comes early may dial. */
  #useNames(name: string, cluster: UpstreamCluster, discovery: DnsDiscovery): void {
    const { names } = this.#options;
    const use = (): void => {
      cluster.setEndpoints(
        discovery.hosts.flatMap((named) => resolved(named, names.known(named.address.host))),
      );
    };
    const isByAddress = discovery.isLogical !== true;
    const follow = ({ address }: Endpoint): Disposable =>
      names.follow(address.host, discovery.refreshMs, isByAddress ? use : () => undefined);
    this.#following.set(name, discovery.hosts.map(follow));
    if (isByAddress) use();
    else cluster.setEndpoints(discovery.hosts);
  }

  #stopFollowing(name: string): void {
    for (const following of this.#following.get(name) ?? []) following[Symbol.dispose]();
    this.#following.delete(name);
  }
}

type DnsDiscovery = Extract<Cluster["discovery"], { readonly kind: "dns" }>;

/**
 * The endpoints that a name stands for now; itself while nothing is known. As Istio has it: with an IPv4 address the IPv6
 * ones are left alone, since many hosts that list them cannot be reached so.
 */
function resolved(named: Endpoint, all: readonly string[] | undefined): readonly Endpoint[] {
  if (all === undefined) return [named];
  const ipv4 = all.filter((address) => !address.includes(":"));
  const hosts = ipv4.length > 0 ? ipv4 : all;
  return hosts.map((host) => ({ ...named, address: { ...named.address, host } }));
}
