import type { Workload } from "#config/workload.ts";
import type { MeshHistory, MeshStep } from "../mesh/mesh-history.ts";
import type { MeshModel } from "../mesh/mesh-model.ts";
import type { HostCompiler } from "./host-compiler.ts";
import { emptyView, type OutboundView, updateView } from "./outbound-view.ts";

/** One view for all workloads that no rule tells apart: of the same namespace, and with the same labels that rules ask for. */
export interface ViewCache {
  view(step: MeshStep, workload: Workload): OutboundView;
}

interface CachedView {
  view: OutboundView;
  at: number;
}

const firstSweepAt = 256;

export function createViewCache(compiler: HostCompiler, history: MeshHistory): ViewCache {
  // A view lives as long as a workload that looks at it; the workload's owner keeps that alive.
  const views = new Map<string, WeakRef<CachedView>>();
  const users = new WeakMap<Workload, CachedView>();
  let sweepAt = firstSweepAt;

  function cached(key: string): CachedView {
    const known = views.get(key)?.deref();
    if (known !== undefined) return known;
    const made: CachedView = { view: emptyView, at: 0 };
    views.set(key, new WeakRef(made));
    if (views.size > sweepAt) sweep();
    return made;
  }

  function sweep(): void {
    for (const [key, reference] of views) if (reference.deref() === undefined) views.delete(key);
    sweepAt = Math.max(firstSweepAt, views.size * 2);
  }

  return {
    view({ model, at }, workload) {
      const entry = cached(viewKey(model, workload));
      users.set(workload, entry);
      if (entry.at !== at) {
        const dirty = entry.at === 0 ? "all" : history.dirtySince(entry.at);
        entry.view = updateView(entry.view, model, { dirty, client: workload, compiler });
        entry.at = at;
      }
      return entry.view;
    },
  };
}

/** Only labels that some rule asks of its callers count. */
function viewKey({ askingLabels }: MeshModel, { namespace, labels }: Workload): string {
  const asked = askingLabels.size === 0 ? [] : [...askingLabels.keys()].sort();
  return JSON.stringify([namespace, ...asked.map((key) => [key, labels[key] ?? null])]);
}
