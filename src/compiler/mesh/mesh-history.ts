import { emptyWorld, type World } from "../world.ts";
import { type DirtyHosts, dirtyHosts } from "./dirty-hosts.ts";
import { advanceModel, emptyModel, type MeshModel } from "./mesh-model.ts";

/** Changes further back are forgotten; who lags behind them compiles every host anew. */
const rememberedSteps = 256;

/** The newest model and what changed on the way to it, so that every view catches up with only what concerns it. */
export interface MeshHistory {
  /** The model of a world; becomes the newest step. */
  advance(world: World): MeshStep;
  /** Hosts that may be different between an earlier step and the newest. */
  dirtySince(at: number): DirtyHosts;
}

export interface MeshStep {
  readonly model: MeshModel;
  /** Number of the step: 1 is the first. */
  readonly at: number;
}

export function createMeshHistory(): MeshHistory {
  let current: MeshStep | undefined;
  const steps: { readonly at: number; readonly dirty: DirtyHosts }[] = [];

  return {
    advance(world) {
      if (current?.model.world === world) return current;
      const { model, changes } = advanceModel(
        current?.model ?? emptyModel(noObjects(world)),
        world,
      );
      const at = (current?.at ?? 0) + 1;
      steps.push({ at, dirty: at === 1 ? "all" : dirtyHosts(model, changes) });
      if (steps.length > rememberedSteps) steps.shift();
      current = { model, at };
      return current;
    },

    dirtySince(at) {
      const oldest = steps[0]?.at ?? 0;
      const missed = steps.filter((step) => step.at > at);
      if (at + 1 < oldest || missed.some(({ dirty }) => dirty === "all")) return "all";
      const [only, ...more] = missed;
      if (only !== undefined && more.length === 0) return only.dirty;
      return new Set(missed.flatMap(({ dirty }) => (dirty === "all" ? [] : [...dirty])));
    },
  };
}

function noObjects({ trustDomain, roots }: World): World {
  return emptyWorld({ trustDomain, roots });
}
