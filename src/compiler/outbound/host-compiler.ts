import type { ConfigResource } from "#config/snapshot.ts";
import { destinationHosts } from "#resources/virtual-service/destination-hosts.ts";
import type { VirtualService } from "#resources/virtual-service/virtual-service.ts";
import { outboundClusterName } from "../clusters/cluster-name.ts";
import {
  type DestinationSettings,
  destinationSettings,
} from "../clusters/destination-rule-lookup.ts";
import { endpointsOfSubset } from "../clusters/endpoint-sets.ts";
import { compileOutboundCluster, type Target } from "../clusters/outbound-cluster.ts";
import type { ConfigPool } from "../incremental/config-pool.ts";
import { InputMemo } from "../incremental/input-memo.ts";
import type { MeshModel } from "../mesh/mesh-model.ts";
import { type MeshService, serviceFor } from "../mesh/mesh-service.ts";
import { endpointsOf, type ServiceEndpointsByPort } from "../mesh/service-endpoints.ts";
import type { HostRules } from "../routes/host-rules.ts";
import {
  type Client,
  clientMask,
  trafficSplitFor,
  virtualServiceFor,
} from "../routes/rule-lookup.ts";
import { compileVirtualHost, portsOf } from "../routes/virtual-host.ts";

/** Name of the route configuration of everything that goes out. */
export const outboundRoutes = "http-proxy";

/** All that a client holds of one host. Each list is the same object as long as nothing in it has changed. */
export interface HostPieces {
  readonly virtualHosts: readonly ConfigResource<"virtual-host">[];
  readonly clusters: readonly ConfigResource<"cluster">[];
  readonly endpoints: readonly ConfigResource<"endpoints">[];
}

const noPieces: HostPieces = { virtualHosts: [], clusters: [], endpoints: [] };

/** Compiles one host for one kind of client; what does not depend on the client is shared between clients. */
export class HostCompiler {
  readonly #pool: ConfigPool;
  readonly #virtualHosts = new InputMemo<HostPieces["virtualHosts"]>();
  readonly #clusters = new InputMemo<HostPieces["clusters"]>();
  readonly #endpoints = new InputMemo<HostPieces["endpoints"]>();
  readonly #pieces = new InputMemo<HostPieces>();

  constructor(pool: ConfigPool) {
    this.#pool = pool;
  }

  /** The same object as long as nothing in it has changed. */
  compile(model: MeshModel, host: string, client: Client): HostPieces {
    const service = serviceFor(model, host, client.namespace);
    const rules: HostRules = {
      host,
      service,
      rule: ruleFor(model, host, { service, client }),
      split: trafficSplitFor(model, host),
      addresses: service ? addressesOf(model, service, client) : [],
    };
    const own = this.#virtualHostsOf(model, rules, client);
    if (service === undefined)
      return own.length === 0 ? noPieces : { ...noPieces, virtualHosts: own };

    const settings = destinationSettings(model, service, client.namespace);
    const facts = { service, settings, endpoints: endpointsOf(model, service) };
    const clusters = this.#clustersOf(model, facts);
    const endpoints = this.#endpointsOf(facts);
    return this.#pieces.get(service, [own, clusters, endpoints], () => ({
      virtualHosts: own,
      clusters,
      endpoints,
    }));
  }

  #virtualHostsOf(model: MeshModel, rules: HostRules, client: Client): HostPieces["virtualHosts"] {
    const { host, service, rule, split, addresses } = rules;
    const subject = service ?? rule ?? split;
    if (subject === undefined) return noPieces.virtualHosts;
    const destinations = rule ? destinationsOf(model, rule, client) : [];
    const mask = rule && clientMask(rule, client);
    const inputs = [host, rule, split, mask, model.mesh, addresses.join(), ...destinations];
    return this.#virtualHosts.get(subject, inputs, () => {
      const serviceOf = (name: string) => serviceFor(model, name, client.namespace);
      return portsOf(service).flatMap((called) => {
        const scope = { called, client, mesh: model.mesh, serviceOf };
        const value = compileVirtualHost(rules, scope);
        if (value === undefined) return [];
        return this.#pool.resource("virtual-host", `${outboundRoutes}/${value.name}`, value);
      });
    });
  }

  #clustersOf(model: MeshModel, facts: ServiceFacts): HostPieces["clusters"] {
    const { service, settings, endpoints } = facts;
    const named = service.main.resolution === "dns" ? endpoints : undefined;
    return this.#clusters.get(service, [settings, model.mesh, named], () =>
      targetsOf(service, settings).map((target) => {
        const value = compileOutboundCluster(target, { settings, mesh: model.mesh, endpoints });
        return this.#pool.resource("cluster", value.name, value);
      }),
    );
  }

  #endpointsOf({ service, settings, endpoints }: ServiceFacts): HostPieces["endpoints"] {
    if (service.main.resolution !== "endpoints") return noPieces.endpoints;
    return this.#endpoints.get(service, [settings, endpoints], () =>
      targetsOf(service, settings).map(({ port, subset }) => {
        const name = outboundClusterName(service.host, port, subset);
        const members = endpointsOfSubset(endpoints, settings, port, subset);
        return this.#pool.resource("endpoints", name, { name, endpoints: members });
      }),
    );
  }
}

interface ServiceFacts {
  readonly service: MeshService;
  readonly settings: DestinationSettings;
  readonly endpoints: ServiceEndpointsByPort;
}

function targetsOf(service: MeshService, { subsets }: DestinationSettings): readonly Target[] {
  return service.ports.flatMap(({ number: port }) => [
    { service, port },
    ...subsets.map(({ value }) => ({ service, port, subset: value.name })),
  ]);
}

/** A rule for a wildcard covers services, but makes no hosts beside the wildcard itself. */
function ruleFor(
  model: MeshModel,
  host: string,
  { service, client }: { readonly service: MeshService | undefined; readonly client: Client },
): VirtualService | undefined {
  const rule = virtualServiceFor(model, host, client);
  return service !== undefined || rule?.hosts.includes(host) ? rule : undefined;
}

/** What a rule sends to: whether these have one port or several decides where a route without a port goes. */
function destinationsOf(
  model: MeshModel,
  rule: NonNullable<HostRules["rule"]>,
  client: Client,
): readonly (MeshService | undefined)[] {
  return destinationHosts(rule).map((host) => serviceFor(model, host, client.namespace));
}

/** Its IP addresses; one that two services claim belongs to the first. */
function addressesOf(model: MeshModel, service: MeshService, client: Client): readonly string[] {
  return service.declarations
    .flatMap(({ addresses }) => addresses)
    .filter((address) => {
      const [first] = (model.addresses.get(address) ?? []).filter(
        ({ host }) => serviceFor(model, host, client.namespace) !== undefined,
      );
      return first?.host === service.host;
    });
}
