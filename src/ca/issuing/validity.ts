import type { Validity } from "#core/spiffe/renewal.ts";
import { CaError } from "../ca-error.ts";

export interface Lifetimes {
  /** When the caller asks for nothing. */
  readonly defaultSeconds: number;
  /** More is refused, as Istio does. */
  readonly maxSeconds: number;
}

export const WORKLOAD_LIFETIMES: Lifetimes = {
  defaultSeconds: 24 * 3600,
  maxSeconds: 90 * 24 * 3600,
};

/** Certificates begin a little in the past, for peers whose clock is behind. */
const BACKDATE_MS = 2 * 60_000;

/**
 * The window of a new certificate. A lifetime over the maximum or below zero is refused (`bad-lifetime`), 0 and absence mean
 * the default; a window is cut at the end of the issuer's own. Throws `ca-expired` when that is past.
 */
export function planValidity(
  issuer: Validity,
  lifetimes: Lifetimes,
  asked: { readonly seconds: number | undefined; readonly nowMs: number },
): { readonly notBeforeMs: number; readonly notAfterMs: number } {
  const { seconds = 0, nowMs } = asked;
  if (!Number.isFinite(seconds) || seconds < 0 || seconds > lifetimes.maxSeconds)
    throw new CaError(
      "bad-lifetime",
      `a lifetime of ${seconds} s was asked for; it must lie between 1 s and ${lifetimes.maxSeconds} s (0: ${lifetimes.defaultSeconds} s)`,
    );
  if (nowMs < issuer.notBeforeMs - BACKDATE_MS || nowMs >= issuer.notAfterMs)
    throw new CaError(
      "ca-expired",
      `the CA's certificates are valid from ${iso(issuer.notBeforeMs)} to ${iso(issuer.notAfterMs)}; it is ${iso(nowMs)} here`,
    );
  const lifeMs = (seconds === 0 ? lifetimes.defaultSeconds : seconds) * 1000;
  return {
    notBeforeMs: Math.max(nowMs - BACKDATE_MS, issuer.notBeforeMs),
    notAfterMs: Math.min(nowMs + lifeMs, issuer.notAfterMs),
  };
}

const iso = (ms: number): string => new Date(ms).toISOString().slice(0, 19);
