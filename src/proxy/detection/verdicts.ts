/** What was seen to be spoken at a destination whose protocol nobody declared. */
export type Spoken =
  /** The caller began, with requests in this version of HTTP, with TLS, or with bytes of something else. */
  | "http1"
  | "http2"
  | "tls"
  | "tcp"
  /** The server began. */
  | "server-first";

/** All that was seen at one destination; one port may carry several protocols. */
export class Verdict {
  readonly #seen = new Set<Spoken>();

  /** In the order in which it was seen first. */
  get spoken(): readonly Spoken[] {
    return [...this.#seen];
  }

  see(spoken: Spoken): void {
    if (!this.#seen.has(spoken)) this.#seen.add(spoken);
  }

  forget(): void {
    this.#seen.clear();
  }

  /** Only servers that speak first were ever seen: there is nothing to look at. */
  get isServerFirst(): boolean {
    return this.#seen.size === 1 && this.#seen.has("server-first");
  }

  /** Callers have always begun, with requests: a connection that is opened ahead would be opened in vain. */
  get isOnlyRequests(): boolean {
    if (this.#seen.size === 0) return false;
    for (const spoken of this.#seen) if (spoken !== "http1" && spoken !== "http2") return false;
    return true;
  }
}

/** Verdicts by destination, for as many as were used last. */
export class Verdicts {
  readonly #known = new Map<string, Verdict>();
  readonly #max: number;

  constructor(max = DESTINATIONS_MAX) {
    this.#max = max;
  }

  /** `destination`: `host:port` or the name of an inbound listener. The same object until it is pushed out. */
  of(destination: string): Verdict {
    const known = this.#known.get(destination) ?? new Verdict();
    this.#known.delete(destination);
    this.#known.set(destination, known); // last: it was used
    if (this.#known.size > this.#max) this.#forgetOldest();
    return known;
  }

  /** Destinations at which something was seen. */
  lines(): readonly VerdictLine[] {
    return Array.from(this.#known, ([destination, { spoken }]) => ({ destination, spoken })).filter(
      ({ spoken }) => spoken.length > 0,
    );
  }

  #forgetOldest(): void {
    for (const oldest of this.#known.keys()) {
      this.#known.delete(oldest);
      return;
    }
  }
}

export interface VerdictLine {
  readonly destination: string;
  readonly spoken: readonly Spoken[];
}

const DESTINATIONS_MAX = 1_024;
