import type { OutlierDetection } from "#config/cluster.ts";
import { type Ejection, ROW } from "./ejection.ts";

/**
 * Takes hosts that fail in a row out of service for a while, as Envoy does:
 *
 *   in service --(n failures in a row, and the share of ejected hosts allows it)--> ejected
 *   ejected --(base × times ejected, at most max; looked at once per interval)--> in service
 *
 * The caller owns the hosts' records and rebuilds its picker when told that something changed.
 */
export class OutlierDetector {
  readonly #settings: OutlierDetection;
  readonly #hosts: () => readonly { readonly ejection: Ejection }[];
  readonly #onChange: () => void;

  constructor(
    settings: OutlierDetection,
    hosts: () => readonly { readonly ejection: Ejection }[],
    onChange: () => void,
  ) {
    this.#settings = settings;
    this.#hosts = hosts;
    this.#onChange = onChange;
  }

  get intervalMs(): number {
    return this.#settings.intervalMs;
  }

  /** An answer of the host itself. */
  answered(host: Ejection, status: number, nowMs: number): void {
    host.clear(ROW.localFailures);
    if (status < 500) {
      host.clear(ROW.serverErrors);
      host.clear(ROW.gatewayErrors);
      return;
    }
    this.#count5xx(host, status >= 502 && status <= 504, nowMs);
  }

  /** No answer: refused, reset, closed or too slow. Unless they are split, these count as 503. */
  failedLocally(host: Ejection, nowMs: number): void {
    if (!this.#settings.splitExternalLocalOriginErrors) {
      this.#count5xx(host, true, nowMs);
      return;
    }
    const limit = this.#settings.consecutiveLocalOriginFailures;
    if (reached(host.count(ROW.localFailures), limit) && this.#eject(host, nowMs))
      host.clear(ROW.localFailures);
  }

  /** To be called once per interval: brings back hosts whose time is over. */
  sweep(nowMs: number): void {
    let changed = false;
    for (const { ejection } of this.#hosts()) {
      if (ejection.isEjected) {
        const { baseEjectionMs, maxEjectionMs } = this.#settings;
        const forMs = Math.min(
          baseEjectionMs * ejection.times,
          Math.max(baseEjectionMs, maxEjectionMs),
        );
        if (ejection.ejectedForMs(nowMs) >= forMs && ejection.bringBack()) changed = true;
      } else ejection.addTimes(-1);
    }
    if (changed) this.#onChange();
  }

  #count5xx(host: Ejection, isGatewayError: boolean, nowMs: number): void {
    const { consecutive5xx, consecutiveGatewayErrors } = this.#settings;
    const serverErrors = host.count(ROW.serverErrors);
    const gatewayErrors = isGatewayError ? host.count(ROW.gatewayErrors) : 0;
    if (!isGatewayError) host.clear(ROW.gatewayErrors);
    if (reached(gatewayErrors, consecutiveGatewayErrors)) {
      host.clear(ROW.gatewayErrors);
      this.#eject(host, nowMs);
    }
    if (reached(serverErrors, consecutive5xx)) {
      host.clear(ROW.serverErrors);
      this.#eject(host, nowMs);
    }
  }

  /** Looked at before and after: another worker may have ejected another host in between. */
  #eject(host: Ejection, nowMs: number): boolean {
    if (host.isEjected || !this.#isWithinShare(1) || !host.eject(nowMs)) return false;
    if (!this.#isWithinShare(0)) {
      host.bringBack();
      return false;
    }
    host.addTimes(1);
    this.#onChange();
    return true;
  }

  /** The first may always go (unless the percentage is 0); more only while the share stays within the limit. */
  #isWithinShare(more: number): boolean {
    const hosts = this.#hosts();
    let ejected = more;
    for (const { ejection } of hosts) if (ejection.isEjected) ejected++;
    const { maxEjectionPercent } = this.#settings;
    if (ejected === 1) return maxEjectionPercent > 0;
    return (ejected * 100) / hosts.length <= maxEjectionPercent;
  }
}

function reached(count: number, limit: number | undefined): boolean {
  return limit !== undefined && limit > 0 && count >= limit;
}

/** Hosts that may be used: those in service, or all when fewer than `minHealthPercent` are (and that is not 0). */
export function usableHosts<T extends { readonly ejection: Ejection }>(
  hosts: readonly T[],
  minHealthPercent: number,
): readonly T[] {
  const healthy = hosts.filter(({ ejection }) => !ejection.isEjected);
  return healthy.length * 100 < minHealthPercent * hosts.length ? hosts : healthy;
}
