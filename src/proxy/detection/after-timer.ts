import type { After } from "./detect-protocol.ts";

/** A timer of the runtime that should take longer fires at once. */
const TIMER_MAX_MS = 2 ** 31 - 1;

/** By timers of the runtime. */
export const afterTimer: After = (delayMs, callback) => {
  const timer = setTimeout(callback, Math.min(delayMs, TIMER_MAX_MS));
  return () => clearTimeout(timer);
};
