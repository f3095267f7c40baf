/** Failures in a row are counted by kind. */
export const ROW = { serverErrors: 0, gatewayErrors: 1, localFailures: 2 } as const;
export type Row = (typeof ROW)[keyof typeof ROW];

/** What outlier detection remembers of one host. Changed in place: this is touched once per response. */
export interface Ejection {
  readonly isEjected: boolean;
  /** How often, fading by one per interval in service: each time multiplies the next ejection. */
  readonly times: number;
  /** One more failure in a row; returns how many there are now. */
  count(row: Row): number;
  clear(row: Row): void;
  /** False: it was ejected already. */
  eject(nowMs: number): boolean;
  /** False: it was in service already. */
  bringBack(): boolean;
  /** While ejected: for how long it has been. */
  ejectedForMs(nowMs: number): number;
  /** Changes `times`, never below 0. */
  addTimes(change: number): void;
}

/** Of a proxy that is one process. */
export class LocalEjection implements Ejection {
  isEjected = false;
  times = 0;
  #serverErrors = 0;
  #gatewayErrors = 0;
  #localFailures = 0;
  #ejectedAtMs = 0;

  count(row: Row): number {
    if (row === ROW.serverErrors) return ++this.#serverErrors;
    return row === ROW.gatewayErrors ? ++this.#gatewayErrors : ++this.#localFailures;
  }

  clear(row: Row): void {
    if (row === ROW.serverErrors) this.#serverErrors = 0;
    else if (row === ROW.gatewayErrors) this.#gatewayErrors = 0;
    else this.#localFailures = 0;
  }

  eject(nowMs: number): boolean {
    if (this.isEjected) return false;
    this.isEjected = true;
    this.#ejectedAtMs = nowMs;
    return true;
  }

  bringBack(): boolean {
    const wasEjected = this.isEjected;
    this.isEjected = false;
    return wasEjected;
  }

  ejectedForMs(nowMs: number): number {
    return nowMs - this.#ejectedAtMs;
  }

  addTimes(change: number): void {
    this.times = Math.max(0, this.times + change);
  }
}
