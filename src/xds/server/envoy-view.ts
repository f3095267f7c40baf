// What of a snapshot a stock Envoy gets: the same resources by the same names, in the form that Envoy obeys
// (`messages/envoy`), with every host inside its route configuration, and the few that stand for what our own proxies do
// without being told. Made once per stream; what has not changed stays the same object, so that nothing is sent again.
import { createHash } from "node:crypto";
import type { Cluster } from "#config/cluster.ts";
import type { OutboundListener } from "#config/listener.ts";
import type { ConfigResource, Snapshot } from "#config/snapshot.ts";
import { inOtherForm } from "../messages/discovery.ts";
import { toEnvoyCluster } from "../messages/envoy/adapt-cluster.ts";
import { toEnvoyListener } from "../messages/envoy/adapt-listener.ts";
import { type EnvoyClient, INSIDE_CONNECT, PASSTHROUGH } from "../messages/envoy/envoy-client.ts";
import { toInsideCluster, toInsideListener } from "../messages/envoy/inside-connect.ts";
import { Cluster as ClusterMessage } from "../messages/generated/envoy/config/cluster/v3/cluster.ts";
import { Listener as ListenerMessage } from "../messages/generated/envoy/config/listener/v3/listener.ts";
import { EnvoyRoutes } from "./envoy-routes.ts";

type ClusterResource = ConfigResource<"cluster">;
type ListenerResource = ConfigResource<"listener">;

/** Changes with the form in which Envoys get what has not changed itself. */
const FORM = "e1";

export function envoyView(client: EnvoyClient): (snapshot: Snapshot) => Snapshot {
  const view = new EnvoyView(client);
  return (snapshot) => view.of(snapshot);
}

class EnvoyView {
  readonly #client: EnvoyClient;
  readonly #routes: EnvoyRoutes;
  readonly #listeners = new WeakMap<ListenerResource, readonly ListenerResource[]>();
  readonly #extraClusters: readonly ClusterResource[];
  #last: { readonly of: Snapshot; readonly view: Snapshot } | undefined;

  constructor(client: EnvoyClient) {
    this.#client = client;
    this.#routes = new EnvoyRoutes(client);
    this.#extraClusters = [insideCluster(), passthroughCluster(client)];
  }

  of(snapshot: Snapshot): Snapshot {
    const last = this.#last;
    if (last?.of === snapshot) return last.view;
    const sameListeners = last?.of.listener === snapshot.listener;
    const sameClusters =
      last?.of.cluster === snapshot.cluster && last.of.endpoints === snapshot.endpoints;
    const view: Snapshot = {
      ...snapshot,
      listener: sameListeners ? last.view.listener : this.#listenersOf(snapshot),
      cluster: sameClusters ? last.view.cluster : this.#clustersOf(snapshot),
      route: this.#routes.of(snapshot),
      "virtual-host": new Map(),
    };
    this.#last = { of: snapshot, view };
    return view;
  }

  #listenersOf({ listener }: Snapshot): Snapshot["listener"] {
    return byName([...listener.values()].flatMap((resource) => this.#listenerForms(resource)));
  }

  /** The listener, and behind the HTTP proxy's port the one that takes CONNECT apart. */
  #listenerForms(resource: ListenerResource): readonly ListenerResource[] {
    const known = this.#listeners.get(resource);
    if (known !== undefined) return known;
    const client = this.#client;
    const { value } = resource;
    const version = `${resource.version}-${FORM}`;
    const forms = [
      inOtherForm({ ...resource, version }, () =>
        ListenerMessage.encode(toEnvoyListener(value, client)).finish(),
      ),
    ];
    if (isHttpProxy(value))
      forms.push(
        inOtherForm({ ...resource, version, name: INSIDE_CONNECT }, () =>
          ListenerMessage.encode(toInsideListener(value, client)).finish(),
        ),
      );
    this.#listeners.set(resource, forms);
    return forms;
  }

  #clustersOf(snapshot: Snapshot): Snapshot["cluster"] {
    const { trustDomain } = this.#client;
    const clusters = [...snapshot.cluster.values()].map((resource) =>
      clusterForm(resource, snapshot, trustDomain),
    );
    return byName([...this.#extraClusters, ...clusters]);
  }
}

function isHttpProxy(value: ListenerResource["value"]): value is OutboundListener {
  return value.kind === "outbound" && value.mode === "http-proxy";
}

function byName<R extends ConfigResource>(resources: readonly R[]): ReadonlyMap<string, R> {
  return new Map(resources.map((resource) => [resource.name, resource]));
}

interface ClusterForm {
  readonly endpoints: ConfigResource<"endpoints"> | undefined;
  readonly trustDomain: string;
  readonly form: ClusterResource;
}

/** Shared by all Envoys. */
const clusterForms = new WeakMap<ClusterResource, ClusterForm>();

function clusterForm(
  resource: ClusterResource,
  snapshot: Snapshot,
  trustDomain: string,
): ClusterResource {
  const { discovery, transport } = resource.value;
  if (transport.kind === "plain" && discovery.kind !== "passthrough") return resource;
  const endpoints = discovery.kind === "eds" ? snapshot.endpoints.get(discovery.name) : undefined;
  const known = clusterForms.get(resource);
  if (known?.endpoints === endpoints && known?.trustDomain === trustDomain) return known.form;
  const made = makeClusterForm(resource, identitiesOf(resource.value, endpoints), trustDomain);
  // Endpoints that came or went with the identities of before leave the cluster as it is, and its connections open.
  const form = known?.form.version === made.version ? known.form : made;
  clusterForms.set(resource, { endpoints, trustDomain, form });
  return form;
}

function makeClusterForm(
  resource: ClusterResource,
  identities: readonly string[],
  trustDomain: string,
): ClusterResource {
  const names = createHash("sha256").update([trustDomain, ...identities].join("\n"));
  const version = `${resource.version}-${FORM}-${names.digest("hex").slice(0, 8)}`;
  return inOtherForm({ ...resource, version }, () =>
    ClusterMessage.encode(toEnvoyCluster(resource.value, identities, trustDomain)).finish(),
  );
}

function identitiesOf(
  { transport }: Cluster,
  endpoints: ConfigResource<"endpoints"> | undefined,
): readonly string[] {
  const extra = transport.kind === "plain" ? [] : transport.extraIdentities;
  const served = (endpoints?.value.endpoints ?? []).flatMap(({ identities }) => identities);
  return [...new Set([...extra, ...served])].sort();
}

function insideCluster(): ClusterResource {
  const value: Cluster = {
    ...plainCluster(INSIDE_CONNECT),
    discovery: { kind: "static", endpoints: [] },
  };
  return inOtherForm(extraResource(value), () => ClusterMessage.encode(toInsideCluster()).finish());
}

function passthroughCluster({ trustDomain }: EnvoyClient): ClusterResource {
  const value = plainCluster(PASSTHROUGH);
  return inOtherForm(extraResource(value), () =>
    ClusterMessage.encode(toEnvoyCluster(value, [], trustDomain)).finish(),
  );
}

function extraResource(value: Cluster): ClusterResource {
  return { type: "cluster", name: value.name, version: FORM, value };
}

/** As our own proxies reach hosts outside the mesh. */
function plainCluster(name: string): Cluster {
  return {
    name,
    discovery: { kind: "passthrough" },
    connectTimeoutMs: 10_000,
    balancer: { kind: "round-robin" },
    limits: { maxRequestsPerConnection: 0 },
    retryBudget: { percent: 20, minConcurrency: 3 },
    transport: { kind: "plain" },
    idleTimeoutMs: 3_600_000,
    origins: {},
  };
}
