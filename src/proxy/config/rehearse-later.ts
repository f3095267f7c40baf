import type { Snapshot } from "#config/snapshot.ts";
import type { Log } from "#core/log.ts";
import { unmapCodePages } from "#net/code-pages.ts";
import { rehearseUpdate } from "#xds/client/rehearse-update.ts";
import { isOf } from "#xds/stream/references.ts";
import { systemTimers } from "#xds/stream/timers.ts";
import { checkRegex } from "./check-regex.ts";
import { ConfigCompiler } from "./config-compiler.ts";

export interface RehearsalOptions {
  /** What runs at that moment. */
  readonly current: () => Snapshot;
  /** [0, 1) */
  readonly random: () => number;
  readonly log: Log;
}

/** `keepMemorySmall` drops the code of the start within five seconds. */
const AFTER_MS = 6_000;
/** The proxies of one machine do it at different moments. */
const SPREAD_MS = 2_000;

/** Makes the code that reads updates ready, once, when the start is over; unless disposed before. */
export function rehearseLater({ current, random, log }: RehearsalOptions): Disposable {
  return systemTimers.after(AFTER_MS + random() * SPREAD_MS, () => {
    try {
      rehearse(current());
      unmapCodePages(); // of what compiles
    } catch (cause) {
      log.debug({ cause: String(cause) }, "no update was rehearsed"); // a real one will be refused in these words
    }
  });
}

/** With a compiler of its own: the tables in use are left alone. */
function rehearse(snapshot: Snapshot): void {
  const compiler = new ConfigCompiler();
  const rehearseOnce = (): void => {
    const read = rehearseUpdate(snapshot, checkRegex);
    const hosts = read.filter((each) => isOf(each, "virtual-host"));
    compiler.compile({
      ...snapshot,
      "virtual-host": new Map(hosts.map((host) => [host.name, host])),
    });
  };
  rehearseOnce();
  rehearseOnce(); // it differs from the one before, as an update does
}
