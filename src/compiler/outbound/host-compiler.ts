import type { ConfigResource } from "#config/snapshot.ts";
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
import {
  type Client,
  clientMask,
  trafficSplitFor,
  virtualServiceFor,
} from "../routes/rule-lookup.ts";
import { compileVirtualHost, type HostRules, portsOf } from "../routes/virtual-host.ts";

/** Name of the route configuration of everything that goes out. */
export const outboundRoutes = "http-proxy";

/** All that a client holds of one host. Each list is the same object as long as nothing in it has changed. */
export interface HostPieces {
  readonly virtualHosts: readonly ConfigResource<"virtual-host">[];
  readonly clusters: readonly ConfigResource<"cluster">[];
  readonly endpoints: readonly ConfigResource<"endpoints">[];
}

/** Compiles one host for one kind of client; what does not depend on the client is shared between clients. */
export interface HostCompiler {
  compile(model: MeshModel, host: string, client: Client): HostPieces;
}

const noPieces: HostPieces = { virtualHosts: [], clusters: [], endpoints: [] };

export function createHostCompiler(pool: ConfigPool): HostCompiler {
  const virtualHosts = new InputMemo<HostPieces["virtualHosts"]>();
  const clusters = new InputMemo<HostPieces["clusters"]>();
  const endpointSets = new InputMemo<HostPieces["endpoints"]>();
  const pieces = new InputMemo<HostPieces>();

  function hostsOf(model: MeshModel, rules: HostRules, client: Client): HostPieces["virtualHosts"] {
    const { host, service, rule, split, addresses } = rules;
    const subject = service ?? rule ?? split;
    if (subject === undefined) return noPieces.virtualHosts;
    const destinations = rule ? destinationsOf(model, rule, client) : [];
    const mask = rule && clientMask(rule, client);
    const inputs = [host, rule, split, mask, model.mesh, addresses.join(), ...destinations];
    return virtualHosts.get(subject, inputs, () => {
      const serviceOf = (name: string) => serviceFor(model, name, client.namespace);
      return portsOf(service).flatMap((called) => {
        const scope = { called, client, mesh: model.mesh, serviceOf };
        const value = compileVirtualHost(rules, scope);
        if (value === undefined) return [];
        return pool.resource("virtual-host", `${outboundRoutes}/${value.name}`, value);
      });
    });
  }

  function clustersOf(model: MeshModel, facts: ServiceFacts): HostPieces["clusters"] {
    const { service, settings, endpoints } = facts;
    const named = service.main.resolution === "dns" ? endpoints : undefined;
    const inputs = [settings, model.mesh, named];
    return clusters.get(service, inputs, () =>
      targetsOf(service, settings).map((target) => {
        const value = compileOutboundCluster(target, { settings, mesh: model.mesh, endpoints });
        return pool.resource("cluster", value.name, value);
      }),
    );
  }

  function endpointsOfHost(facts: ServiceFacts): HostPieces["endpoints"] {
    const { service, settings, endpoints } = facts;
    if (service.main.resolution !== "endpoints") return noPieces.endpoints;
    return endpointSets.get(service, [settings, endpoints], () =>
      targetsOf(service, settings).map(({ port, subset }) => {
        const name = outboundClusterName(service.host, port, subset);
        const members = endpointsOfSubset(endpoints, settings, port, subset);
        return pool.resource("endpoints", name, { name, endpoints: members });
      }),
    );
  }

  return {
    compile(model, host, client) {
      const service = serviceFor(model, host, client.namespace);
      const rules: HostRules = {
        host,
        service,
        rule: virtualServiceFor(model, host, client),
        split: trafficSplitFor(model, host),
        addresses: service ? addressesOf(model, service, client) : [],
      };
      const own = hostsOf(model, rules, client);
      if (service === undefined)
        return own.length === 0 ? noPieces : { ...noPieces, virtualHosts: own };
      const settings = destinationSettings(model, service, client.namespace);
      const facts = { service, settings, endpoints: endpointsOf(model, service) };
      const lists = [own, clustersOf(model, facts), endpointsOfHost(facts)] as const;
      return pieces.get(service, lists, () => ({
        virtualHosts: lists[0],
        clusters: lists[1],
        endpoints: lists[2],
      }));
    },
  };
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

/** What a rule sends to: whether these have one port or several decides where a route without a port goes. */
function destinationsOf(
  model: MeshModel,
  { http }: NonNullable<HostRules["rule"]>,
  client: Client,
): readonly (MeshService | undefined)[] {
  return http.flatMap(({ action }) =>
    action.kind === "forward"
      ? action.destinations.map(({ host }) => serviceFor(model, host, client.namespace))
      : [],
  );
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
