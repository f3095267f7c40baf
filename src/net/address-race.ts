import type { NetError } from "./net-error.ts";

/** One try to connect that can be given up. */
export interface RaceEntry {
  /** Closes what was opened; no call of its own comes any more. */
  abandon(): void;
}

export interface RaceSurroundings<A, T> {
  /** Begins to connect; tells the outcome once, never from inside the call. */
  open(address: A, done: (outcome: T | NetError) => void): RaceEntry;
  /** Calls back once after that time unless the returned function was called before. */
  after(delayMs: number, callback: () => void): () => void;
  isFailure(outcome: T | NetError): outcome is NetError;
  won(result: T): void;
  /** All have failed; the error is the first's. */
  lost(error: NetError): void;
}

/** RFC 8305 section 5: the recommended pause before the next address is tried beside those that have not answered. */
export const STAGGER_MS = 250;

/**
 * Connects to whichever of several addresses answers first ("happy eyeballs"). The next one is tried as soon as the last
 * one has failed, or has been silent for 250 ms; the first to stand wins, and the others are closed.
 */
export class AddressRace<A, T> {
  readonly #left: A[];
  readonly #surroundings: RaceSurroundings<A, T>;
  readonly #running = new Set<RaceEntry>();
  #stopTimer: (() => void) | undefined;
  #firstError: NetError | undefined;
  #isOver = false;

  constructor(addresses: readonly A[], surroundings: RaceSurroundings<A, T>) {
    this.#left = [...addresses];
    this.#surroundings = surroundings;
  }

  /** There has to be an address. */
  start(): void {
    this.#next();
  }

  /** Nobody is told any more. */
  stop(): void {
    this.#isOver = true;
    this.#stopTimer?.();
    for (const entry of this.#running) entry.abandon();
    this.#running.clear();
  }

  #next(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    const address = this.#left.shift();
    if (address === undefined) return;
    const { open, after } = this.#surroundings;
    const entry = open(address, (outcome) => this.#ended(entry, outcome));
    this.#running.add(entry);
    if (this.#left.length > 0) this.#stopTimer = after(STAGGER_MS, () => this.#next());
  }

  #ended(entry: RaceEntry, outcome: T | NetError): void {
    if (this.#isOver) return;
    this.#running.delete(entry);
    const { isFailure, won, lost } = this.#surroundings;
    if (!isFailure(outcome)) {
      this.stop();
      won(outcome);
      return;
    }
    this.#firstError ??= outcome;
    if (this.#left.length > 0) this.#next();
    else if (this.#running.size === 0) {
      this.stop();
      lost(this.#firstError);
    }
  }
}

/** The resolver's order, families in turn, beginning with the one that it prefers (RFC 8305 section 4). */
export function interleaveFamilies(addresses: readonly string[]): readonly string[] {
  const isIpv6 = (address: string): boolean => address.includes(":");
  const [first] = addresses;
  if (first === undefined) return addresses;
  const preferred = addresses.filter((each) => isIpv6(each) === isIpv6(first));
  const others = addresses.filter((each) => isIpv6(each) !== isIpv6(first));
  const longest = Math.max(preferred.length, others.length);
  return Array.from({ length: longest }, (_, i) => [preferred[i], others[i]])
    .flat()
    .filter((each) => each !== undefined);
}
