import type { ConfigResource, ConfigType, Snapshot } from "#config/snapshot.ts";
import type { Workload } from "#config/workload.ts";
import { InputMemo } from "./incremental/input-memo.ts";
import type { PersistentMap } from "./incremental/persistent-map.ts";
import type { OutboundView } from "./outbound/outbound-view.ts";

/** A workload's share of a snapshot: what it has alone, and the view that it has with others. */
export interface SnapshotParts {
  readonly view: OutboundView;
  readonly listeners: readonly ConfigResource<"listener">[];
  readonly routes: readonly ConfigResource<"route">[];
  /** Beside those of the view. */
  readonly clusters: readonly ConfigResource<"cluster">[];
  readonly secrets: readonly ConfigResource<"secret">[];
}

/** Puts snapshots together so that each map, and the whole, stays the same object while its parts do. */
export type SnapshotMaker = (workload: Workload, parts: SnapshotParts) => Snapshot;

export function createSnapshotMaker(): SnapshotMaker {
  // Only the newest is worth comparing with, and older ones would keep old configuration alive.
  const listeners = new InputMemo<Snapshot["listener"]>(1);
  const routes = new InputMemo<Snapshot["route"]>(1);
  const clusters = new InputMemo<PersistentMap<ConfigResource<"cluster">>>(1);
  const secrets = new InputMemo<Snapshot["secret"]>(1);
  const snapshots = new InputMemo<Snapshot>(1);

  return (workload, parts) => {
    const { view } = parts;
    const own = entries(parts.clusters);
    const snapshot: Snapshot = {
      listener: listeners.get(workload, parts.listeners, () => new Map(entries(parts.listeners))),
      route: routes.get(workload, parts.routes, () => new Map(entries(parts.routes))),
      "virtual-host": view.virtualHosts,
      cluster: clusters.get(workload, [view.clusters, ...parts.clusters], () =>
        view.clusters.with(own),
      ),
      endpoints: view.endpoints,
      secret: secrets.get(workload, parts.secrets, () => new Map(entries(parts.secrets))),
    };
    return snapshots.get(workload, Object.values(snapshot), () => snapshot);
  };
}

function entries<T extends ConfigType>(
  resources: readonly ConfigResource<T>[],
): readonly (readonly [string, ConfigResource<T>])[] {
  return resources.map((resource) => [resource.name, resource]);
}
