import type { RouteConfiguration } from "#config/route.ts";
import type { ConfigResource, Snapshot } from "#config/snapshot.ts";
import type { Workload } from "#config/workload.ts";
import { passthroughCluster } from "./clusters/passthrough-cluster.ts";
import { createInboundCompiler } from "./inbound/inbound-pieces.ts";
import { type ConfigPool, createConfigPool } from "./incremental/config-pool.ts";
import { InputMemo } from "./incremental/input-memo.ts";
import { createMeshHistory } from "./mesh/mesh-history.ts";
import type { MeshModel } from "./mesh/mesh-model.ts";
import { HostCompiler, outboundRoutes } from "./outbound/host-compiler.ts";
import { createOutboundListenerCompiler } from "./outbound/outbound-listeners.ts";
import { emptyView } from "./outbound/outbound-view.ts";
import { createViewCache } from "./outbound/view-cache.ts";
import { createSnapshotMaker } from "./snapshot-maker.ts";
import type { World } from "./world.ts";

export interface Compiler {
  /**
   * What one workload's proxy runs in this world. Never throws for what resources say. Pieces are shared between
   * workloads and between worlds: the same object means that nothing changed, for a resource, for a map of them and
   * for the whole snapshot. Keep the workload object for as long as its proxy is connected, since what is remembered
   * for it hangs on it. Cheapest when worlds are asked for in the order in which they came to be.
   */
  snapshot(world: World, workload: Workload): Snapshot;
}

/** `hash` makes versions from content: the same in every control plane of a mesh. See `contentHash`. */
export function createCompiler(hash: (text: string) => string): Compiler {
  const pool = createConfigPool(hash);
  const history = createMeshHistory();
  const views = createViewCache(new HostCompiler(pool), history);
  const inbound = createInboundCompiler(pool);
  const outbound = createOutboundListenerCompiler(pool);
  const shared = createSharedPieces(pool);
  const snapshots = createSnapshotMaker();

  return {
    snapshot(world, workload) {
      const step = history.advance(world);
      const { model } = step;
      const calls = workload.outbound.length > 0;
      const ports = inbound.compile(model, workload);
      const listeners = outbound.compile(model, workload);
      return snapshots(workload, {
        view: calls ? views.view(step, workload) : emptyView,
        listeners: [...ports.map(({ listener }) => listener), ...listeners],
        routes: calls ? shared.routes : [],
        clusters: [
          ...ports.map(({ cluster }) => cluster),
          ...(calls ? [shared.passthrough(model)] : []),
        ],
        secrets: [shared.trustBundle(world)],
      });
    },
  };
}

interface SharedPieces {
  readonly routes: readonly ConfigResource<"route">[];
  passthrough(model: MeshModel): ConfigResource<"cluster">;
  trustBundle(world: World): ConfigResource<"secret">;
}

/** What is the same for every workload. */
function createSharedPieces(pool: ConfigPool): SharedPieces {
  const clusters = new InputMemo<ConfigResource<"cluster">>(1);
  const secrets = new InputMemo<ConfigResource<"secret">>(1);
  // Its hosts travel one by one, so that one change is one small resource; the configuration itself never changes.
  const routes: RouteConfiguration = { name: outboundRoutes, vhds: true, virtualHosts: [] };
  return {
    routes: [pool.resource("route", routes.name, routes)],
    passthrough: ({ mesh }) =>
      clusters.get(mesh, [], () => {
        const value = passthroughCluster(mesh);
        return pool.resource("cluster", value.name, value);
      }),
    trustBundle: ({ roots }) =>
      secrets.get(roots, [], () =>
        pool.resource("secret", "ROOTCA", { name: "ROOTCA", kind: "trust-bundle", roots }),
      ),
  };
}
