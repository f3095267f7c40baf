/** When a certificate is to be replaced, decided from clock values alone: no timer lives here. */
export interface Validity {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

export type RenewalStep =
  | { readonly kind: "wait"; readonly delayMs: number }
  | { readonly kind: "renew" };

const HALF = 0.5;
const JITTER = 0.01;
/** Waits are cut into pieces, so that a clock that jumped, or a machine that slept, is noticed soon. */
const WAIT_MS_MAX = 60_000;
const RETRY_MS_FIRST = 500;
/** A CA that was away is used again within this and its jitter. */
const RETRY_MS_MAX = 15_000;

/**
 * The moment to renew: half of the life, ± 1 % of it by `random` in [0, 1), so that a fleet that started together does
 * not renew together. Draw once per certificate and keep it.
 */
export function renewAtMs({ notBeforeMs, notAfterMs }: Validity, random: number): number {
  const share = HALF + (random * 2 - 1) * JITTER;
  return notBeforeMs + (notAfterMs - notBeforeMs) * share;
}

/** What one certificate's renewal is decided from; all wall times. */
export interface HeldCertificate extends Validity {
  /** From `renewAtMs`. */
  readonly renewAtMs: number;
  /** When we got it, by our own clock. */
  readonly obtainedAtMs: number;
}

/**
 * What to do now; ask again after each wait. A clock that jumped, either way out of the certificate's validity, renews
 * at once; while our clock and the CA's disagree for good, renewals keep a distance and never become a loop.
 */
export function planRenewal(held: HeldCertificate, nowMs: number): RenewalStep {
  const { notBeforeMs, notAfterMs } = held;
  if (nowMs >= notBeforeMs && nowMs < held.renewAtMs) return wait(held.renewAtMs - nowMs);
  const distanceMs = Math.min(WAIT_MS_MAX, (notAfterMs - notBeforeMs) / 4);
  const sinceMs = nowMs - held.obtainedAtMs;
  return sinceMs >= 0 && sinceMs < distanceMs ? wait(distanceMs - sinceMs) : { kind: "renew" };
}

const wait = (delayMs: number): RenewalStep => ({
  kind: "wait",
  delayMs: Math.max(1, Math.min(delayMs, WAIT_MS_MAX)),
});

/** The pause before attempt `failures + 1`: doubling, capped at 15 s, with half of it by `random` in [0, 1). */
export function renewalRetryMs(failures: number, random: number): number {
  const full = Math.min(RETRY_MS_FIRST * 2 ** Math.min(failures, 20), RETRY_MS_MAX);
  return full / 2 + (full / 2) * random;
}
