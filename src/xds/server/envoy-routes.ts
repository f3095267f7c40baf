import { createHash } from "node:crypto";
import type { InboundListener, OutboundListener } from "#config/listener.ts";
import type { VirtualHost } from "#config/route.ts";
import type { ConfigResource, Snapshot } from "#config/snapshot.ts";
import { inOtherForm } from "../messages/discovery.ts";
import type { EnvoyClient } from "../messages/envoy/envoy-client.ts";
import { hostDomains } from "../messages/envoy/host-domains.ts";
import {
  encodeHost,
  encodeInboundRoutes,
  encodeRoutes,
} from "../messages/envoy/route-configuration.ts";
import { toMeshHost, toOnlyHost, toUnknownHosts } from "../messages/envoy/virtual-hosts.ts";

type RouteResource = ConfigResource<"route">;
type HostResource = ConfigResource<"virtual-host">;

/** Changes with the form in which Envoys get what has not changed itself. */
const FORM = "e1";

interface Encoded {
  readonly domains: string;
  readonly bytes: Uint8Array;
}

/**
 * The route configurations of one Envoy: one of all hosts for its HTTP proxy's port, one of one host per `--upstream`, one
 * with its policies per port of the application.
 */
export class EnvoyRoutes {
  readonly #client: EnvoyClient;
  readonly #encoded = new WeakMap<VirtualHost, Encoded>();
  #last: { readonly of: Snapshot; readonly routes: Snapshot["route"] } | undefined;
  #made = new Map<string, RouteResource>();

  constructor(client: EnvoyClient) {
    this.#client = client;
  }

  of(snapshot: Snapshot): Snapshot["route"] {
    const { route, listener } = snapshot;
    const last = this.#last;
    const hosts = snapshot["virtual-host"];
    const isSame =
      last?.of["virtual-host"] === hosts &&
      last.of.route === route &&
      last.of.listener === listener;
    if (isSame) return last.routes;
    const made = new Map<string, RouteResource>();
    const take = (resource: RouteResource): void => {
      const before = this.#made.get(resource.name);
      made.set(resource.name, before?.version === resource.version ? before : resource);
    };
    const outbound = [...listener.values()].flatMap(({ value }) =>
      value.kind === "outbound" ? [value] : [],
    );
    for (const resource of route.values()) {
      const own = hostsOf(resource, hosts);
      for (const one of outbound.filter(({ routes }) => routes === resource.name))
        take(one.mode === "upstream" ? this.#only(one, own) : this.#all(one, own));
    }
    for (const { value, version } of listener.values())
      if (value.kind === "inbound") take(inboundRoutes(value, version));
    this.#made = made;
    this.#last = { of: snapshot, routes: made };
    return made;
  }

  #all(listener: OutboundListener, own: readonly HostResource[]): RouteResource {
    const { routes: name, unknownHosts, http } = listener;
    const hosts = own.map(({ value }) => value);
    const facts = [name, unknownHosts, this.#by, ...http.searchDomains, ...own.map(versionOf)];
    return resourceOf(name, hosts, facts, () => {
      const domains = hostDomains(hosts, http.searchDomains);
      const known = hosts.filter((host) => domains.get(host)?.length);
      const encoded = known.map((host) => this.#encode(host, domains.get(host) ?? []));
      const hasAny = hosts.some((host) => host.domains.includes("*"));
      const rest = hasAny ? [] : [encodeHost(toUnknownHosts(unknownHosts, this.#by))];
      return encodeRoutes(name, [...encoded, ...rest]);
    });
  }

  #only(listener: OutboundListener, own: readonly HostResource[]): RouteResource {
    const { name, authority = "", unknownHosts } = listener;
    const found = own.find(({ value }) => value.domains.includes(authority));
    const facts = [name, authority, unknownHosts, this.#by, ...(found ? [versionOf(found)] : [])];
    return resourceOf(name, found ? [found.value] : [], facts, () => {
      const host = found
        ? toOnlyHost(found.value, authority)
        : toUnknownHosts(unknownHosts, this.#by, authority);
      return encodeRoutes(name, [encodeHost(host)]);
    });
  }

  get #by(): string {
    return `${this.#client.workload.name}/outbound`;
  }

  #encode(host: VirtualHost, domains: readonly string[]): Uint8Array {
    const key = domains.join();
    const known = this.#encoded.get(host);
    if (known?.domains === key) return known.bytes;
    const bytes = encodeHost(toMeshHost(host, domains));
    this.#encoded.set(host, { domains: key, bytes });
    return bytes;
  }
}

/** An inbound listener's own routes, and the policies that guard them. */
function inboundRoutes(listener: InboundListener, version: string): RouteResource {
  const { name, routes } = listener;
  return resourceOf(name, routes.virtualHosts, [name, version], () =>
    encodeInboundRoutes(listener),
  );
}

/** In order of name, so that the version does not depend on the order in which hosts were compiled. */
function hostsOf(route: RouteResource, hosts: Snapshot["virtual-host"]): readonly HostResource[] {
  const prefix = `${route.name}/`;
  return [...hosts.values()]
    .filter(({ name }) => name.startsWith(prefix))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

const versionOf = ({ name, version }: HostResource): string => `${name}\n${version}`;

function resourceOf(
  name: string,
  virtualHosts: readonly VirtualHost[],
  facts: readonly string[],
  bytes: () => Uint8Array,
): RouteResource {
  const hash = createHash("sha256").update([FORM, ...facts].join("\n"));
  const version = hash.digest("hex").slice(0, 16);
  const value = { name, vhds: false, virtualHosts };
  return inOtherForm({ type: "route", name, version, value }, bytes);
}
