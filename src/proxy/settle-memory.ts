// A process of ours starts in a second and runs for days: what only the start needed is given back when it is over.
import { residentFileBytes, unmapCodePages } from "#net/code-pages.ts";

/** More than serving needs at any one time, so that a busy proxy is left alone. */
const CODE_BYTES_MAX = 18_000_000;
const EVERY_MS = 2_000;

/** Garbage, code that has run only once, and pages of the program. Takes some 20 ms: for moments without traffic. */
export function settleMemory(): void {
  Bun.gc(true);
  Bun.shrink();
  unmapCodePages();
}

/** Looks now and then whether compilers and the like have been at work again. */
export function keepCodePagesFew(): Disposable {
  const timer = setInterval(() => {
    if (residentFileBytes() > CODE_BYTES_MAX) unmapCodePages();
  }, EVERY_MS);
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
