import type { Cluster } from "#config/cluster.ts";
import type { Endpoint } from "#config/endpoint.ts";
import { makePicker } from "../balance/make-picker.ts";
import { type Picker, pickAvoiding } from "../balance/picker.ts";
import { OutlierDetector, usableHosts } from "../resilience/outlier-detector.ts";
import { retriesWithin } from "../resilience/retry-budget.ts";
import type { ShareCluster, SharedCluster } from "../resilience/sharing.ts";
import { COUNTED } from "../resilience/usage-counts.ts";
import type { MetricsRegistry } from "../telemetry/metrics-registry.ts";
import type { PairLabels, RequestSeries, WorkloadLabels } from "../telemetry/series.ts";
import type { PoolSurroundings } from "./connection-pool.ts";
import { type Dialler, Host } from "./host.ts";
import { type PoolSettings, PoolUsage } from "./pool-limits.ts";
import { workloadLabels } from "./workload-labels.ts";

/** What every cluster of a proxy shares. */
export interface UpstreamSurroundings {
  readonly nowMs: () => number;
  readonly random: () => number;
  readonly hasPendingInput: PoolSurroundings["hasPendingInput"];
  readonly metrics: MetricsRegistry;
  /** The workload that this proxy stands beside. */
  readonly self: WorkloadLabels;
  readonly diallerFor: (clusterOf: () => Cluster) => Dialler;
  /** Present when this process is one of several workers. */
  readonly share?: ShareCluster;
}

/** One destination at work: its hosts and who of them is next, its limits, its retries. */
export class UpstreamCluster {
  /** The configuration in force; replaced by `configure`. */
  config: Cluster;
  /** `payments.shop.svc.cluster.local:9090`, for messages. */
  readonly what: string;
  readonly usage: PoolUsage;
  #hosts = new Map<string, Host>();
  #all: readonly Host[] = [];
  #usable: readonly Host[] = [];
  #picker: Picker<Host>;
  #outliers: OutlierDetector | undefined;
  #sweptAtMs: number;
  readonly #settings: PoolSettings;
  readonly #shared: UpstreamSurroundings;
  readonly #workers: SharedCluster | undefined;
  #ejectionVersion = 0;
  readonly #pool: PoolSurroundings;
  #dialler: Dialler;

  /** `usage`: of the cluster whose limits hold for this one too. */
  constructor(config: Cluster, surroundings: UpstreamSurroundings, usage?: PoolUsage) {
    this.config = config;
    this.#shared = surroundings;
    this.what = describeCluster(config);
    this.#workers = usage === undefined ? surroundings.share?.(config.name) : undefined;
    this.usage = usage ?? new PoolUsage(this.#workers?.counts);
    this.#settings = poolSettings(config);
    this.#pool = this.#poolSurroundings();
    this.#dialler = surroundings.diallerFor(() => this.config);
    this.#picker = makePicker(config.balancer, []);
    this.#outliers = this.#makeOutliers();
    this.#sweptAtMs = surroundings.nowMs();
  }

  /** It has no endpoints of its own: what is called says where. */
  get isPassthrough(): boolean {
    return this.config.discovery.kind === "passthrough";
  }

  get hosts(): readonly Host[] {
    return this.#all;
  }

  get usableHosts(): readonly Host[] {
    return this.#usable;
  }

  /** New settings for the hosts of now; connections stay unless how they are made has changed. */
  configure(config: Cluster): void {
    if (config === this.config) return;
    const before = this.config;
    this.config = config;
    Object.assign(this.#settings, poolSettings(config));
    if (!sameJson(before.outlierDetection, config.outlierDetection)) {
      this.#outliers = this.#makeOutliers();
      if (this.#outliers === undefined) for (const host of this.#all) host.ejection.bringBack();
    }
    if (!sameJson(connectionFacts(before), connectionFacts(config))) {
      const old = this.#all;
      this.#dialler = this.#shared.diallerFor(() => this.config);
      this.#hosts = new Map();
      this.#all = [];
      this.setEndpoints(old.map(({ endpoint }) => endpoint));
      // Last: who waited for a connection finds the new hosts in place.
      for (const host of old) host.close();
    } else this.#rebuild();
  }

  /** Hosts that stay keep their connections, their load and their health, whatever else is said of them now. */
  setEndpoints(endpoints: readonly Endpoint[]): void {
    const next = new Map<string, Host>();
    for (const endpoint of endpoints) {
      const key = JSON.stringify([endpoint.address, endpoint.transports, endpoint.identities]);
      const known = this.#hosts.get(key);
      if (known !== undefined && !sameJson(known.endpoint, endpoint))
        known.become(endpoint, this.#seriesOf(endpoint));
      next.set(key, known ?? this.#makeHost(endpoint, key));
    }
    const kept = new Set(next.values());
    const gone = this.#all.filter((host) => !kept.has(host));
    for (const key of this.#hosts.keys()) if (!next.has(key)) this.#workers?.forget(key);
    this.#hosts = next;
    this.#all = [...next.values()];
    this.#rebuild();
    for (const host of gone) host.close();
  }

  /** Undefined: no host may be used. */
  pick(tried: readonly Host[], attempts: number): Host | undefined {
    if (this.#workers !== undefined && this.#workers.ejectionVersion !== this.#ejectionVersion)
      this.#rebuild();
    return tried.length === 0
      ? this.#picker.pick(this.#shared.random)
      : pickAvoiding(this.#picker, tried, attempts, this.#shared.random);
  }

  /** In words, when `pick` finds no host. */
  get whyNone(): string {
    const { length } = this.#all;
    if (length === 0) return "it has no endpoint";
    return `none of its ${length} endpoints may be used: they are ejected, or do not accept mutual TLS`;
  }

  get activeRequests(): number {
    return this.usage.counts.here(COUNTED.requests);
  }

  get activeRetries(): number {
    return this.usage.counts.here(COUNTED.retries);
  }

  /** Counts one more request; false: as many are under way as the limit allows. */
  startRequest(): boolean {
    const { maxRequests = Number.POSITIVE_INFINITY } = this.config.limits;
    return this.usage.counts.take(COUNTED.requests, maxRequests);
  }

  endRequest(): void {
    this.usage.counts.release(COUNTED.requests);
  }

  /** Counts one more request that is being retried; false: limit or budget are used up. */
  startRetry(): boolean {
    const { retryBudget, limits } = this.config;
    const { counts } = this.usage;
    const max = retriesWithin(retryBudget, limits.maxRetries, counts.everywhere(COUNTED.requests));
    return counts.take(COUNTED.retries, max);
  }

  endRetry(): void {
    this.usage.counts.release(COUNTED.retries);
  }

  answered(host: Host, status: number): void {
    this.#outliers?.answered(host.ejection, status, this.#shared.nowMs());
  }

  failedLocally(host: Host): void {
    this.#outliers?.failedLocally(host.ejection, this.#shared.nowMs());
  }

  /** To be called about once a second. */
  sweep(): void {
    for (const host of this.#all) host.sweep();
    const outliers = this.#outliers;
    const nowMs = this.#shared.nowMs();
    if (outliers === undefined || nowMs - this.#sweptAtMs < outliers.intervalMs) return;
    this.#sweptAtMs = nowMs;
    if (this.#workers?.claimSweep(outliers.intervalMs) !== false) outliers.sweep(nowMs);
  }

  close(): void {
    this.setEndpoints([]);
    this.#workers?.[Symbol.dispose]();
  }

  #makeOutliers(): OutlierDetector | undefined {
    const settings = this.config.outlierDetection;
    if (settings === undefined) return undefined;
    const onChange = () => {
      this.#workers?.ejectionsChanged();
      this.#rebuild();
    };
    return new OutlierDetector(settings, () => this.#all, onChange);
  }

  #rebuild(): void {
    this.#ejectionVersion = this.#workers?.ejectionVersion ?? 0;
    const minHealthPercent = this.config.outlierDetection?.minHealthPercent ?? 0;
    this.#usable = usableHosts(this.#all, minHealthPercent).filter((host) => this.#mayUse(host));
    this.#picker = makePicker(this.config.balancer, this.#usable);
  }

  /** A cluster that demands mutual TLS has no use for an endpoint that does not accept it, unless it is told whom to expect. */
  #mayUse({ endpoint }: Host): boolean {
    const { transport } = this.config;
    if (transport.kind !== "mtls" || transport.extraIdentities.length > 0) return true;
    return endpoint.transports.includes("istio-mtls");
  }

  #makeHost(endpoint: Endpoint, key: string): Host {
    const series = this.#seriesOf(endpoint);
    const host = new Host(endpoint, this.config.name, series, this.#dialler, this.#pool);
    if (this.#workers !== undefined) host.ejection = this.#workers.ejection(key);
    return host;
  }

  #seriesOf({ workload, identities }: Endpoint): RequestSeries {
    const labels = workloadLabels(workload, identities[0]);
    return this.#shared.metrics.requests(outboundPair(this.#shared.self, this.config, labels));
  }

  #poolSurroundings(): PoolSurroundings {
    return {
      nowMs: this.#shared.nowMs,
      random: this.#shared.random,
      hasPendingInput: this.#shared.hasPendingInput,
      what: this.what,
      settings: this.#settings,
      usage: this.usage,
    };
  }
}

/** Calls from `self` to a destination; without a cluster, to nowhere that is known. */
export function outboundPair(
  self: WorkloadLabels,
  config: Cluster | undefined,
  workload: WorkloadLabels,
): PairLabels {
  const destination = config?.destination;
  const fallback = config?.name ?? "unknown";
  return {
    reporter: "source",
    source: self,
    destination: workload,
    destinationService: destination?.host ?? fallback,
    destinationServiceName: destination?.service ?? fallback,
    destinationServiceNamespace: destination?.namespace ?? "unknown",
    connectionSecurityPolicy: "unknown",
  };
}

function describeCluster({ destination, name }: Cluster): string {
  if (destination === undefined) return name;
  const subset = destination.subset === undefined ? "" : ` (${destination.subset})`;
  return `${destination.host}:${destination.port}${subset}`;
}

/** What a connection was made by: when it changes, the ones that exist are of no use any more. */
function connectionFacts({ transport, protocol, http2, multiplexing }: Cluster): unknown {
  return [transport, protocol, http2, multiplexing];
}

function poolSettings({ limits, idleTimeoutMs, maxConnectionDurationMs }: Cluster): PoolSettings {
  return {
    idleTimeoutMs: idleTimeoutMs === 0 ? Number.POSITIVE_INFINITY : idleTimeoutMs,
    maxConnectionDurationMs: maxConnectionDurationMs ?? Number.POSITIVE_INFINITY,
    maxRequestsPerConnection: limits.maxRequestsPerConnection,
    maxConnections: limits.maxConnections ?? Number.POSITIVE_INFINITY,
    maxPendingRequests: limits.maxPendingRequests ?? Number.POSITIVE_INFINITY,
  };
}

/** Configuration is plain data, so equal text is equal meaning. */
function sameJson(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
