// What the workers of one proxy count together, in memory that all have mapped:
//
//   [mark][workers][lock] [clusters] [endpoints]
//
// Limits, budgets and ejections then need no messages: a place is taken where all see it. What one worker has taken is in
// cells of its own, which its successor clears when it starts.
import { mapSharedMemory, PAGE_BYTES } from "#net/shared-memory.ts";
import type { Ejection } from "../resilience/ejection.ts";
import { LocalEjection } from "../resilience/ejection.ts";
import type { SharedCluster } from "../resilience/sharing.ts";
import { CLUSTER_CELL, clusterStride, SharedCounts } from "./shared-counts.ts";
import { EJECTION_STRIDE, SharedEjection } from "./shared-ejection.ts";
import { type RowsPlace, SharedRows } from "./shared-rows.ts";
import { SpinLock } from "./spin-lock.ts";

/** Counts up when the layout changes: workers of different versions then do not share. */
const MARK = 0x57_45_46_01;
const HEADER = { mark: 0, workers: 1, lock: 2, length: 16 } as const;
const CLUSTERS = 8_192;
const ENDPOINTS = 32_768;

interface Layout {
  readonly clusters: RowsPlace;
  readonly endpoints: RowsPlace;
  /** Whole pages. */
  readonly sizeBytes: number;
}

function layoutFor(workers: number): Layout {
  const clusters = { at: HEADER.length, capacity: CLUSTERS, stride: clusterStride(workers) };
  const after = clusters.at + SharedRows.cellsOf(clusters);
  const endpoints = { at: after, capacity: ENDPOINTS, stride: EJECTION_STRIDE };
  const cells = after + SharedRows.cellsOf(endpoints);
  const pages = Math.ceil((cells * Int32Array.BYTES_PER_ELEMENT) / PAGE_BYTES);
  return { clusters, endpoints, sizeBytes: pages * PAGE_BYTES };
}

/** So much is asked for; what is never touched costs nothing. */
export const sharedStateBytes = (workers: number): number => layoutFor(workers).sizeBytes;

/** One bit each in a cell. */
export const WORKERS_MAX = 31;

export interface SharedStateOptions {
  /** Of memory of at least `sharedStateBytes`, which begins with this. */
  readonly fd: number;
  /** Counted from 0. */
  readonly worker: number;
  readonly workers: number;
  readonly nowMs: () => number;
  /** `CLOCK_MONOTONIC` in milliseconds: the same in all processes of this host. */
  readonly hostMs: () => number;
  /** Has the others call `stir` of that cluster. */
  readonly stirOthers: (cluster: string) => void;
  readonly stirSelf: (cluster: string, afterMs: number) => void;
}

export class SharedState {
  readonly #options: SharedStateOptions;
  readonly #cells: Int32Array;
  readonly #clusters: SharedRows;
  readonly #endpoints: SharedRows;
  /** Of clusters that are configured, or still have requests under way. */
  readonly #open = new Map<string, ClusterRow>();

  /** Throws an Error when the memory cannot be mapped, or is one of another version. */
  constructor(options: SharedStateOptions) {
    this.#options = options;
    const { fd, worker, workers } = options;
    const { clusters, endpoints, sizeBytes } = layoutFor(workers);
    this.#cells = mapSharedMemory(fd, sizeBytes);
    this.#begin(workers);
    const lock = new SpinLock(this.#cells, HEADER.lock, worker, options.nowMs);
    this.#clusters = new SharedRows(this.#cells, clusters, lock, worker);
    this.#endpoints = new SharedRows(this.#cells, endpoints, lock, worker);
    lock.break();
    this.#takeBack();
  }

  /** Undefined: there is no room for one more; this worker then counts for itself. */
  cluster(name: string): SharedCluster | undefined {
    const known = this.#open.get(name);
    if (known !== undefined) return known.again();
    const row = this.#clusters.claim(name);
    if (row === undefined) return undefined;
    const { worker, workers, nowMs, stirOthers, stirSelf } = this.#options;
    const counts = new SharedCounts({
      cells: this.#cells,
      row,
      worker,
      workers,
      nowMs,
      stirOthers: () => stirOthers(name),
      stirSelf: (afterMs) => stirSelf(name, afterMs),
    });
    const made = new ClusterRow({
      name,
      row,
      counts,
      cells: this.#cells,
      endpoints: this.#endpoints,
      sharedMs: () => this.#sharedMs(),
      onUnused: () => {
        this.#open.delete(name);
        this.#clusters.release(row);
      },
    });
    this.#open.set(name, made);
    return made;
  }

  #begin(workers: number): void {
    const cells = this.#cells;
    if (Atomics.compareExchange(cells, HEADER.mark, 0, MARK) === 0)
      Atomics.store(cells, HEADER.workers, workers);
    const isOurs = cells[HEADER.mark] === MARK;
    const known = Atomics.compareExchange(cells, HEADER.workers, 0, workers);
    if (!isOurs || (known !== 0 && known !== workers))
      throw new Error("the memory of the workers is one of another version");
  }

  /** What a worker of our number had when it died. */
  #takeBack(): void {
    const { worker, workers } = this.#options;
    const options = { cells: this.#cells, worker, workers, nowMs: () => 0 };
    const silent = { ...options, stirOthers: () => undefined, stirSelf: () => undefined };
    this.#clusters.forEachOwn((row) => {
      new SharedCounts({ ...silent, row }).clear();
      this.#clusters.release(row);
    });
    this.#endpoints.forEachOwn((row) => this.#endpoints.release(row));
  }

  /** Wraps around after 24 days, as differences of it do. */
  #sharedMs(): number {
    return Math.floor(this.#options.hostMs()) | 0;
  }
}

interface ClusterRowOptions {
  readonly name: string;
  readonly row: number;
  readonly counts: SharedCounts;
  readonly cells: Int32Array;
  readonly endpoints: SharedRows;
  readonly sharedMs: () => number;
  readonly onUnused: () => void;
}

class ClusterRow implements SharedCluster {
  readonly #options: ClusterRowOptions;
  readonly #ejections = new Map<string, Ejection>();

  #references = 1;

  constructor(options: ClusterRowOptions) {
    this.#options = options;
    const { cells, row, sharedMs } = options;
    Atomics.compareExchange(cells, row + CLUSTER_CELL.sweptAtMs, 0, sharedMs());
  }

  again(): this {
    this.#references++;
    return this;
  }

  get counts(): SharedCounts {
    return this.#options.counts;
  }

  get ejectionVersion(): number {
    const { cells, row } = this.#options;
    return cells[row + CLUSTER_CELL.ejectionVersion] ?? 0;
  }

  ejectionsChanged(): void {
    const { cells, row } = this.#options;
    Atomics.add(cells, row + CLUSTER_CELL.ejectionVersion, 1);
  }

  claimSweep(intervalMs: number): boolean {
    const { cells, row, sharedMs } = this.#options;
    const cell = row + CLUSTER_CELL.sweptAtMs;
    const nowMs = sharedMs();
    const sweptAtMs = cells[cell] ?? 0;
    // Somewhat less than the interval: the workers' timers do not agree to the millisecond.
    if (((nowMs - sweptAtMs) | 0) < intervalMs * 0.9) return false;
    return Atomics.compareExchange(cells, cell, sweptAtMs, nowMs) === sweptAtMs;
  }

  ejection(key: string): Ejection {
    const known = this.#ejections.get(key);
    if (known !== undefined) return known;
    const { name, cells, endpoints, sharedMs } = this.#options;
    const row = endpoints.claim(`${name}\n${key}`);
    const made = row === undefined ? new LocalEjection() : new SharedEjection(cells, row, sharedMs);
    this.#ejections.set(key, made);
    return made;
  }

  forget(key: string): void {
    const known = this.#ejections.get(key);
    this.#ejections.delete(key);
    if (known instanceof SharedEjection) this.#options.endpoints.release(known.row);
  }

  /** Requests under way still count until they are over. */
  [Symbol.dispose](): void {
    if (--this.#references > 0) return;
    const { counts, onUnused } = this.#options;
    counts.whenZero(() => {
      if (this.#references > 0) return;
      for (const key of [...this.#ejections.keys()]) this.forget(key);
      onUnused();
    });
  }
}
