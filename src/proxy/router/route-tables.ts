import type { RouteConfiguration, VirtualHost } from "#config/route.ts";
import type { Snapshot } from "#config/snapshot.ts";
import { type CompiledHost, compileHost } from "./compiled-route.ts";
import { HostTable } from "./host-table.ts";
import type { RouteTable } from "./plan-request.ts";

/**
 * Tables of all listeners of a snapshot. A virtual host is compiled when it comes, to see that it can be, and again when it
 * is first called, to be kept: most are never called, and compiled they take some 3 KB. Both happen once for as long as the
 * same object is in use; a table whose hosts are all the same is kept as it is, and one whose hosts answer to the same domains
 * shares what finds them.
 */
export class RouteTables {
  readonly #compiled = new WeakMap<VirtualHost, CompiledHost>();
  readonly #checked = new WeakSet<VirtualHost>();
  #tables = new Map<string, KnownTable>();

  /** Throws what `compileHost` throws, and then nothing has changed. */
  compile(snapshot: Snapshot): ReadonlyMap<string, RouteTable> {
    const known = new Map<string, KnownTable>();
    const byListener = new Map<string, RouteTable>();
    for (const [name, { value: listener }] of snapshot.listener) {
      const routes =
        listener.kind === "inbound" ? listener.routes : snapshot.route.get(listener.routes)?.value;
      const { searchDomains } = listener.http;
      const key = `${routes?.name ?? ""} ${searchDomains.join(" ")}`;
      const shared = listener.kind === "inbound" ? undefined : known.get(key);
      const table =
        shared ?? this.#table(hostsOf(routes, snapshot), searchDomains, `${name} ${key}`);
      if (listener.kind === "outbound") known.set(key, table);
      known.set(`${name} ${key}`, table);
      byListener.set(name, table.table);
    }
    this.#tables = known;
    return byListener;
  }

  #table(hosts: readonly VirtualHost[], searchDomains: readonly string[], key: string): KnownTable {
    const before = this.#tables.get(key);
    const isAs = (same: (one: VirtualHost, other: VirtualHost) => boolean): boolean =>
      before?.hosts.length === hosts.length &&
      before.hosts.every((old, i) => same(old, hosts[i] ?? old));
    if (before !== undefined && isAs((old, host) => old === host)) return before;
    for (const host of hosts) this.#check(host);
    if (before !== undefined && isAs(haveSameDomains))
      return { hosts, table: before.table.withHosts(hosts) };
    const table: RouteTable = new HostTable(searchDomains, this.#ready);
    for (const host of hosts) table.add(host.domains, host);
    return { hosts, table };
  }

  #check(host: VirtualHost): void {
    if (this.#checked.has(host)) return;
    compileHost(host);
    this.#checked.add(host);
  }

  /** One for all tables: a function made in `#table` would keep its scope, and with it the table of before, and so on. */
  readonly #ready = (host: VirtualHost): CompiledHost => {
    const known = this.#compiled.get(host);
    if (known !== undefined) return known;
    const compiled = compileHost(host);
    this.#compiled.set(host, compiled);
    return compiled;
  };
}

interface KnownTable {
  readonly hosts: readonly VirtualHost[];
  readonly table: RouteTable;
}

function haveSameDomains(one: VirtualHost, other: VirtualHost): boolean {
  if (one === other) return true;
  const { domains } = other;
  return (
    one.domains.length === domains.length && one.domains.every((name, i) => name === domains[i])
  );
}

function hostsOf(
  routes: RouteConfiguration | undefined,
  snapshot: Snapshot,
): readonly VirtualHost[] {
  if (routes === undefined) return [];
  if (!routes.vhds) return routes.virtualHosts;
  const prefix = `${routes.name}/`;
  const hosts = [...routes.virtualHosts];
  for (const [name, { value }] of snapshot["virtual-host"])
    if (name.startsWith(prefix)) hosts.push(value);
  return hosts;
}
