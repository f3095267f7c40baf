import type { VirtualHost } from "#config/route.ts";
import type { ConfigResource } from "#config/snapshot.ts";

const known = new WeakMap<ConfigResource, readonly string[]>();

/** Names of the clusters that a resource sends requests and connections to; worked out once per resource. */
export function clustersOf(resource: ConfigResource): readonly string[] {
  const remembered = known.get(resource);
  if (remembered) return remembered;
  const clusters = [...new Set(hostsOf(resource).flatMap(clustersOfHost))];
  known.set(resource, clusters);
  return clusters;
}

function hostsOf(resource: ConfigResource): readonly VirtualHost[] {
  if (isOf(resource, "virtual-host")) return [resource.value];
  if (isOf(resource, "route")) return resource.value.virtualHosts;
  if (isOf(resource, "listener") && resource.value.kind === "inbound")
    return resource.value.routes.virtualHosts;
  return [];
}

function clustersOfHost({ routes, connections }: VirtualHost): readonly string[] {
  const targets = routes.flatMap(({ action }) =>
    action.kind === "forward" ? action.clusters : [],
  );
  const tunnels = connections === undefined ? [] : [...connections.tls, ...connections.tcp];
  return [...targets, ...tunnels.flatMap(({ clusters }) => clusters)].map(({ cluster }) => cluster);
}

/** Narrows a resource of any type. */
export function isOf<T extends ConfigResource["type"]>(
  resource: ConfigResource,
  type: T,
): resource is ConfigResource<T> {
  return resource.type === type;
}
