// Route configurations for clients that do not fetch virtual hosts one by one: whole, with every host inside.
import { createHash } from "node:crypto";
import type { ConfigResource, Snapshot } from "#config/snapshot.ts";

type RouteResource = ConfigResource<"route">;
type HostResource = ConfigResource<"virtual-host">;

const views = new WeakMap<Snapshot, Snapshot>();
const composed = new WeakMap<
  RouteResource,
  { readonly hosts: readonly HostResource[]; readonly whole: RouteResource }
>();

/** The same configuration without virtual hosts of their own; made once per snapshot and shared by all who need it. */
export function inlineHosts(snapshot: Snapshot): Snapshot {
  const remembered = views.get(snapshot);
  if (remembered) return remembered;
  // In order of name, so that the version does not depend on the order in which hosts were compiled.
  const sorted = [...snapshot["virtual-host"].values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const hosts = Map.groupBy(sorted, ({ name }) => name.slice(0, name.indexOf("/")));
  const route = new Map<string, RouteResource>();
  for (const [name, resource] of snapshot.route)
    route.set(name, resource.value.vhds ? compose(resource, hosts.get(name) ?? []) : resource);
  const view: Snapshot = { ...snapshot, route, "virtual-host": new Map() };
  views.set(snapshot, view);
  return view;
}

/** The same object as long as the route configuration and its hosts are the same objects, so that nothing is sent again. */
function compose(resource: RouteResource, hosts: readonly HostResource[]): RouteResource {
  const before = composed.get(resource);
  if (before?.hosts.length === hosts.length && hosts.every((host, i) => host === before.hosts[i]))
    return before.whole;
  const hash = createHash("sha256").update(resource.version);
  for (const { name, version } of hosts) hash.update(`\n${name}\n${version}`);
  const whole: RouteResource = {
    ...resource,
    version: hash.digest("hex").slice(0, 16),
    value: {
      ...resource.value,
      vhds: false,
      virtualHosts: [...resource.value.virtualHosts, ...hosts.map(({ value }) => value)],
    },
  };
  composed.set(resource, { hosts, whole });
  return whole;
}
