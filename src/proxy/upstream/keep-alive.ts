/**
 * How long a connection to one host may be idle and still be given a request. A server closes idle connections after a
 * time of its own; a request that crosses that close on the wire fails. So the time is learned, from the server's
 * `Keep-Alive` field or from two closes of about the same age, and connections are retired well before it.
 */
export class KeepAlive {
  #learnedMs: number | undefined;
  #lastCloseMs: number | undefined;

  /** An idle connection was closed by the server after `idleMs`. One such close may be a restart; two agreeing are a rule. */
  closedWhileIdle(idleMs: number): void {
    const last = this.#lastCloseMs;
    this.#lastCloseMs = idleMs;
    if (idleMs < NOISE_MS || last === undefined) return;
    const least = Math.min(idleMs, last);
    if (Math.abs(idleMs - last) <= least * AGREEMENT) this.#learnedMs = least;
  }

  /** `announcedMs`: what this connection's server said. A request that could not be sent twice keeps a greater distance. */
  isFresh(
    idleMs: number,
    announcedMs: number | undefined,
    mayRepeat: boolean,
    configuredMs: number,
  ): boolean {
    const knownMs = least(announcedMs, this.#learnedMs);
    if (knownMs !== undefined) return idleMs < knownMs - Math.max(MARGIN_MS, knownMs * MARGIN);
    return idleMs < (mayRepeat ? configuredMs : Math.min(configuredMs, UNKNOWN_MS));
  }
}

const NOISE_MS = 500;
const AGREEMENT = 0.25;
const MARGIN_MS = 500;
const MARGIN = 0.2;
/** While nothing is known, what cannot be repeated uses only connections younger than the shortest usual keep-alive. */
const UNKNOWN_MS = 1_000;

function least(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.min(a, b);
}
