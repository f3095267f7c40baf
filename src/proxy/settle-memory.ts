// A process of ours starts in a second and runs for days: what only the start needed, or a burst of traffic that is
// over, is given back.
import { residentFileBytes, unmapCodePages } from "#net/code-pages.ts";
import { dropSpareBatches } from "#net/spare-batches.ts";

/**
 * When the start is over: garbage, all compiled code, and pages of the program. Some 20 ms, and code is compiled anew when it
 * runs, so this is for a process that has served nothing yet.
 */
export function settleAfterStart(): void {
  Bun.gc(true);
  Bun.shrink(); // at the next idle moment, by code that is mapped then
  setTimeout(unmapCodePages, AFTER_SHRINKING_MS).unref();
}

const AFTER_SHRINKING_MS = 300;

/** When a busy time is over. The compiled code stays: without it the next burst is four times as expensive for seconds. */
export function settleAfterLoad(): void {
  dropSpareBatches();
  Bun.gc(true);
  unmapCodePages();
}

const EVERY_MS = 1_000;
/** About what serving needs: to unmap it every time costs 1 or 2 ms, with what is mapped again. */
const CODE_BYTES_MAX = 12_000_000;
/** At full load a proxy has mapped half as much again within a second, since the kernel maps 64 KB around each page. */
const FULL_SHARE = 0.5;
const FULL_EVERY_MS = 333;
/** Of one processor, over `EVERY_MS`. */
const QUIET_SHARE = 0.05;
const QUIET_TICKS = 30;
/** What is quiet for the first time later than this has served before. */
const START_TICKS = 5;

/** Keeps looking until disposed: settles when the start is over, and half a minute after every busy time. */
export function keepMemorySmall(): Disposable {
  let usedUs = cpuUs();
  let quietTicks = 0;
  let wantedTicks = 1;
  let isSettled = false;
  let startTicks = START_TICKS;
  const timer = setInterval(() => {
    startTicks--;
    const share = (cpuUs() - usedUs) / (EVERY_MS * 1_000);
    const isQuiet = share < QUIET_SHARE;
    quietTicks = isQuiet ? quietTicks + 1 : 0;
    isSettled &&= isQuiet;
    if (!isSettled && quietTicks >= wantedTicks) {
      if (startTicks > 0) settleAfterStart();
      else settleAfterLoad();
      startTicks = 0;
      isSettled = true;
      wantedTicks = QUIET_TICKS;
    } else trimCodePages();
    if (share > FULL_SHARE)
      for (let ms = FULL_EVERY_MS; ms < EVERY_MS - FULL_EVERY_MS / 2; ms += FULL_EVERY_MS)
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
