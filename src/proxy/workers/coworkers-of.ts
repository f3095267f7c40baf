import type { Clock } from "#core/clock.ts";
import type { Bootstrap } from "../bootstrap.ts";
import type { ParentLink } from "../parent-link.ts";
import { Coworkers } from "./coworkers.ts";

export interface WorkerSurroundings {
  readonly bootstrap: Bootstrap;
  readonly parent?: ParentLink | undefined;
  readonly clock: Clock;
}

/** Undefined: this process is the whole proxy. */
export function coworkersOf({
  bootstrap,
  parent,
  clock,
}: WorkerSurroundings): Coworkers | undefined {
  const { worker: place } = bootstrap;
  return place && parent && new Coworkers({ place, parent, clock });
}
