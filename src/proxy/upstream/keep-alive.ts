/**
 * How long a connection to one host may be idle and still be given a request. A server closes idle connections after a
 * time of its own; a request that crosses that close on the wire fails. So the time is learned, from the server's
 * `Keep-Alive` field or from two closes of about the same age, and connections are retired well before it.
 */
export class KeepAlive {
  #learnedMs: number | undefined;
  #last: { readonly idleMs: number; readonly atMs: number } | undefined;

  /**
   * An idle connection was closed by the server after `idleMs`. Closes at one time may be a restart, whose connections
   * were idle for as long as each other; two at different times that agree are a rule.
   */
  closedWhileIdle(idleMs: number, nowMs: number): void {
    const last = this.#last;
    if (last !== undefined && nowMs - last.atMs < ONE_TIME_MS) return;
    this.#last = { idleMs, atMs: nowMs };
    if (idleMs < NOISE_MS || last === undefined) return;
    const least = Math.min(idleMs, last.idleMs);
    if (Math.abs(idleMs - last.idleMs) <= least * AGREEMENT) this.#learnedMs = least;
  }

  /** `announcedMs`: what this connection's server said. A request that could not be sent twice keeps a greater distance. */
  isFresh(
    idleMs: number,
    announcedMs: number | undefined,
    mayRepeat: boolean,
    configuredMs: number,
  ): boolean {
    const knownMs = least(announcedMs, this.#learnedMs);
    if (knownMs !== undefined) return idleMs < knownMs - marginMs(knownMs);
    return idleMs < (mayRepeat ? configuredMs : Math.min(configuredMs, UNKNOWN_MS));
  }
}

/** Nobody keeps connections for less on purpose. */
const NOISE_MS = 100;
const AGREEMENT = 0.25;
/** Within this, closes are of one cause. */
const ONE_TIME_MS = 50;
const MARGIN_MS = 500;
const MARGIN = 0.2;
/** Of a time so short that the margin would leave nothing. */
const MOST = 0.5;
/** While nothing is known, what cannot be repeated uses only connections younger than the shortest usual keep-alive. */
const UNKNOWN_MS = 1_000;

function marginMs(knownMs: number): number {
  return Math.max(Math.min(MARGIN_MS, knownMs * MOST), knownMs * MARGIN);
}

function least(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.min(a, b);
}
