import type { Clock } from "#core/clock.ts";
import type { WorkerPlace } from "../bootstrap.ts";
import type { ParentLink } from "../parent-link.ts";
import type { SharedCluster } from "../resilience/sharing.ts";
import { hostClock } from "./host-clock.ts";
import { SERIES_REGION_BYTES } from "./series-region.ts";
import { SharedSeries } from "./shared-series.ts";
import { SharedState, sharedStateBytes } from "./shared-state.ts";
import { WorkerLink } from "./worker-link.ts";

export interface CoworkersOptions {
  readonly place: WorkerPlace;
  readonly parent: ParentLink;
  readonly clock: Clock;
}

/** What one worker of a proxy has of the others: messages through their parent, and memory that all have mapped. */
export class Coworkers {
  readonly place: WorkerPlace;
  readonly link: WorkerLink;
  /** What all have counted. */
  readonly series: SharedSeries;
  readonly #state: SharedState;
  #onStir: (cluster: string) => void = () => undefined;

  /** Throws an Error when the memory cannot be mapped. */
  constructor({ place, parent, clock }: CoworkersOptions) {
    this.place = place;
    this.link = new WorkerLink(parent);
    this.#state = new SharedState({
      fd: place.memoryFd,
      worker: place.index,
      workers: place.count,
      nowMs: () => clock.monotonicMs(),
      hostMs: hostClock(clock),
      stirOthers: (cluster) => this.link.send(undefined, { kind: "stir", cluster }),
      stirSelf: (cluster, afterMs) => void setTimeout(() => this.#onStir(cluster), afterMs),
    });
    this.series = new SharedSeries({
      fd: place.memoryFd,
      offset: sharedStateBytes(place.count),
      worker: place.index,
      workers: place.count,
      wallMs: clock.wallMs(),
    });
    this.link.on("stir", ({ cluster }) => this.#onStir(cluster));
  }

  share(name: string): SharedCluster | undefined {
    return this.#state.cluster(name);
  }

  /** Who looks again at the limits of a cluster when another worker wants a place or has given one back. */
  onStir(callback: (cluster: string) => void): void {
    this.#onStir = callback;
  }
}

/** So much memory is asked for; what is never touched costs nothing. */
export const sharedMemoryBytes = (workers: number): number =>
  sharedStateBytes(workers) + workers * SERIES_REGION_BYTES;
