import type { ConfigResource, ConfigType } from "#config/snapshot.ts";
import { type MapChange, PersistentMap } from "../incremental/persistent-map.ts";
import type { DirtyHosts } from "../mesh/dirty-hosts.ts";
import type { MeshModel } from "../mesh/mesh-model.ts";
import type { Client } from "../routes/rule-lookup.ts";
import type { HostCompiler, HostPieces } from "./host-compiler.ts";

/** All that clients of one kind may call. Immutable; the next one shares what did not change. */
export interface OutboundView {
  readonly hosts: PersistentMap<HostPieces>;
  readonly virtualHosts: PersistentMap<ConfigResource<"virtual-host">>;
  readonly clusters: PersistentMap<ConfigResource<"cluster">>;
  readonly endpoints: PersistentMap<ConfigResource<"endpoints">>;
}

export const emptyView: OutboundView = {
  hosts: PersistentMap.empty(),
  virtualHosts: PersistentMap.empty(),
  clusters: PersistentMap.empty(),
  endpoints: PersistentMap.empty(),
};

/** The view of `model`, where only `dirty` hosts can be different from `view`. */
export function updateView(
  view: OutboundView,
  model: MeshModel,
  { dirty, client, compiler }: ViewUpdate,
): OutboundView {
  const hosts = dirty === "all" ? allHosts(view, model) : dirty;
  const changed: ChangedHost[] = [];
  for (const host of hosts) {
    const before = view.hosts.get(host);
    const after = compiler.compile(model, host, client);
    const isNew = before === undefined && !isNothing(after);
    if (isNew || (before !== undefined && before !== after)) changed.push({ host, before, after });
  }
  if (changed.length === 0) return view;
  return {
    hosts: view.hosts.with(
      changed.map(({ host, after }) => [host, isNothing(after) ? undefined : after]),
    ),
    virtualHosts: view.virtualHosts.with(listChanges(changed, ({ virtualHosts }) => virtualHosts)),
    clusters: view.clusters.with(listChanges(changed, ({ clusters }) => clusters)),
    endpoints: view.endpoints.with(listChanges(changed, ({ endpoints }) => endpoints)),
  };
}

export interface ViewUpdate {
  readonly dirty: DirtyHosts;
  readonly client: Client;
  readonly compiler: HostCompiler;
}

interface ChangedHost {
  readonly host: string;
  readonly before: HostPieces | undefined;
  readonly after: HostPieces;
}

function allHosts(view: OutboundView, model: MeshModel): ReadonlySet<string> {
  return new Set([
    ...view.hosts.keys(),
    ...model.services.keys(),
    ...model.virtualServices.keys(),
    ...model.trafficSplits.keys(),
  ]);
}

function isNothing({ virtualHosts, clusters, endpoints }: HostPieces): boolean {
  return virtualHosts.length + clusters.length + endpoints.length === 0;
}

function* listChanges<T extends ConfigType>(
  changed: readonly ChangedHost[],
  listOf: (pieces: HostPieces) => readonly ConfigResource<T>[],
): Generator<MapChange<ConfigResource<T>>> {
  for (const { before, after } of changed) {
    const newer = listOf(after);
    if (before !== undefined) {
      if (listOf(before) === newer) continue;
      const kept = new Set(newer.map(({ name }) => name));
      for (const { name } of listOf(before)) if (!kept.has(name)) yield [name, undefined];
    }
    for (const resource of newer) yield [resource.name, resource];
  }
}
