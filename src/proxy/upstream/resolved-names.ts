/** Addresses of a name, any family, the preferred ones first. Rejects when there is none. */
export type Resolve = (name: string) => Promise<readonly string[]>;

interface Name {
  readonly followers: Set<Follower>;
  /** What was found last; stays while the resolver fails. */
  addresses: readonly string[] | undefined;
  asking: Promise<readonly string[]> | undefined;
  nextAtMs: number;
  failures: number;
}

interface Follower {
  readonly refreshMs: number;
  readonly onChange: () => void;
}

const FIRST_RETRY_MS = 1_000;

/**
 * What the names of destinations resolve to, asked again and again while somebody follows them. An outage of DNS is not
 * one of the service: what was known stays, and is asked for sooner than usual.
 */
export class ResolvedNames {
  readonly #resolve: Resolve;
  readonly #nowMs: () => number;
  readonly #names = new Map<string, Name>();

  constructor(resolve: Resolve, nowMs: () => number) {
    this.#resolve = resolve;
    this.#nowMs = nowMs;
  }

  /** What was found last; undefined when nothing was yet. */
  known(name: string): readonly string[] | undefined {
    return this.#names.get(name)?.addresses;
  }

  /** For a connection: what is known of a name that is followed, else what the resolver says now. */
  readonly lookup: Resolve = (name) => {
    const entry = this.#names.get(name);
    if (entry === undefined) return this.#resolve(name);
    if (entry.addresses !== undefined) return Promise.resolve(entry.addresses);
    return entry.asking ?? this.#ask(name, entry);
  };

  /** `onChange` is called whenever other addresses were found than before, never from inside this call. */
  follow(name: string, refreshMs: number, onChange: () => void): Disposable {
    const entry = this.#names.get(name) ?? {
      followers: new Set<Follower>(),
      addresses: undefined,
      asking: undefined,
      nextAtMs: 0,
      failures: 0,
    };
    const follower = { refreshMs, onChange };
    entry.followers.add(follower);
    this.#names.set(name, entry);
    if (entry.addresses === undefined && entry.asking === undefined) this.#askAside(name, entry);
    return {
      [Symbol.dispose]: () => {
        entry.followers.delete(follower);
        if (entry.followers.size === 0 && this.#names.get(name) === entry) this.#names.delete(name);
      },
    };
  }

  /** To be called about once a second. */
  sweep(): void {
    const nowMs = this.#nowMs();
    for (const [name, entry] of this.#names)
      if (entry.asking === undefined && nowMs >= entry.nextAtMs) this.#askAside(name, entry);
  }

  /** Whoever needs the answer asks again, and hears of the failure then. */
  #askAside(name: string, entry: Name): void {
    this.#ask(name, entry).catch(() => undefined);
  }

  #ask(name: string, entry: Name): Promise<readonly string[]> {
    const asking = this.#resolve(name).then(
      (found) => this.#found(name, entry, found),
      (cause: unknown) => {
        this.#failed(entry);
        throw cause;
      },
    );
    entry.asking = asking;
    return asking;
  }

  #found(name: string, entry: Name, found: readonly string[]): readonly string[] {
    if (found.length === 0) {
      this.#failed(entry);
      throw new Error(`${name} has no address`);
    }
    const before = entry.addresses;
    const sorted = found.toSorted().join();
    const isSame = before !== undefined && before.toSorted().join() === sorted;
    entry.asking = undefined;
    entry.failures = 0;
    entry.nextAtMs = this.#nowMs() + refreshMsOf(entry);
    entry.addresses = found;
    if (!isSame) for (const { onChange } of [...entry.followers]) onChange();
    return found;
  }

  #failed(entry: Name): void {
    entry.asking = undefined;
    const pauseMs = Math.min(refreshMsOf(entry), FIRST_RETRY_MS * 2 ** entry.failures++);
    entry.nextAtMs = this.#nowMs() + pauseMs;
  }
}

/** The most impatient follower's. */
function refreshMsOf({ followers }: Name): number {
  let least = Number.POSITIVE_INFINITY;
  for (const { refreshMs } of followers) least = Math.min(least, refreshMs);
  return least;
}
