// A process of ours starts in a second and runs for days: what only the start needed, or a burst of traffic that is
// over, is given back.
import { residentFileBytes, unmapCodePages } from "#net/code-pages.ts";
import { dropSpareBatches } from "#net/write-queue.ts";

/** Garbage, code that has run only a few times, and pages of the program. Some 20 ms: for moments without traffic. */
export function settleMemory(): void {
  dropSpareBatches();
  Bun.gc(true);
  Bun.shrink(); // at the next idle moment, by code that is mapped then
  setTimeout(unmapCodePages, AFTER_SHRINKING_MS).unref();
}

const AFTER_SHRINKING_MS = 300;

const EVERY_MS = 1_000;
/** About what serving needs: to unmap it every time costs 1 or 2 ms, with what is mapped again. */
const CODE_BYTES_MAX = 12_000_000;
/** Busy, a proxy has mapped half as much again within a second, since the kernel maps 64 KB around each page. */
const BUSY_EVERY_MS = 333;
/** Of one processor, over `EVERY_MS`. */
const QUIET_SHARE = 0.05;
const QUIET_TICKS = 30;

/** Keeps looking until disposed: settles when the start is over, and half a minute after every busy time. */
export function keepMemorySmall(): Disposable {
  let usedUs = cpuUs();
  let quietTicks = 0;
  let wantedTicks = 1;
  let isSettled = false;
  const timer = setInterval(() => {
    const isQuiet = cpuUs() - usedUs < EVERY_MS * 1_000 * QUIET_SHARE;
    quietTicks = isQuiet ? quietTicks + 1 : 0;
    isSettled &&= isQuiet;
    if (!isSettled && quietTicks >= wantedTicks) {
      settleMemory();
      isSettled = true;
      wantedTicks = QUIET_TICKS;
    } else trimCodePages();
    if (!isQuiet)
      for (let ms = BUSY_EVERY_MS; ms < EVERY_MS - BUSY_EVERY_MS / 2; ms += BUSY_EVERY_MS)
        setTimeout(trimCodePages, ms).unref();
    usedUs = cpuUs();
  }, EVERY_MS);
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

function trimCodePages(): void {
  if (residentFileBytes() > CODE_BYTES_MAX) unmapCodePages();
}

function cpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
