import type { Certificate } from "./certificate.ts";
import { SpiffeError } from "./spiffe-error.ts";

/** How far two honest clocks may differ: added at both ends of a certificate's validity. */
export const CLOCK_SKEW_MS = 10_000;

/** Throws SpiffeError `not-yet-valid` or `expired`. `what` begins the message: "the certificate of …". */
export function checkValidity(certificate: Certificate, nowMs: number, what: string): void {
  const { notBeforeMs, notAfterMs } = certificate;
  if (nowMs < notBeforeMs - CLOCK_SKEW_MS)
    throw new SpiffeError(
      "not-yet-valid",
      `${what} is valid from ${iso(notBeforeMs)}; it is ${iso(nowMs)} here`,
    );
  // Written so that a clock that is not a number refuses.
  if (!(nowMs <= notAfterMs + CLOCK_SKEW_MS))
    throw new SpiffeError(
      "expired",
      `${what} was valid until ${iso(notAfterMs)}; it is ${iso(nowMs)} here`,
    );
}

const iso = (ms: number): string =>
  Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString().slice(0, 19) : String(ms);
