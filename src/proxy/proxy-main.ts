// The outermost part of a proxy process: its bootstrap from standard input, its signals, its end.
import type { Clock } from "#core/clock.ts";
import type { Log } from "#core/log.ts";
import { raiseFileLimit } from "#net/file-limit.ts";
import { peerUid } from "#net/peer-uid.ts";
import type { Bootstrap, ProxyEvent } from "./bootstrap.ts";
import { keepMemorySmall, settleMemory } from "./settle-memory.ts";
import type { ProxyOptions, Proxy as StartedProxy } from "./start-proxy.ts";

export interface ProxyMainOptions {
  /** One line of JSON, then nothing until the parent is gone. */
  readonly input: AsyncIterable<Uint8Array>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** Each event is one line for the parent. */
  readonly say: (event: ProxyEvent) => void;
  /** SIGTERM. SIGINT is the application's; a terminal sends it to everybody. */
  readonly onTerminate: (callback: () => void) => void;
  /** SIGHUP. */
  readonly onReopen: (callback: () => void) => void;
  /** Weft's own proxy, or the agent of another engine. */
  readonly start: (options: ProxyOptions) => Promise<StartedProxy>;
}

/**
 * Runs a proxy until it is told to stop, its parent is gone, or it cannot go on. Resolves with the exit code.
 * Throws when the bootstrap cannot be read.
 */
export async function proxyMain(options: ProxyMainOptions): Promise<number> {
  const { clock, random, log, say } = options;
  const { bootstrap, parentGone } = await readBootstrap(options.input);
  raiseFileLimit();
  const stopping = Promise.withResolvers<number>();
  const proxy = await options.start({
    bootstrap,
    clock,
    random,
    log,
    peerUid,
    ownUid: process.getuid?.() ?? -1,
    onEvent(event) {
      say(event);
      if (event.event === "ready") setImmediate(settleMemory);
      if (event.event === "fatal") stopping.resolve(1);
    },
  });
  options.onTerminate(() => stopping.resolve(0));
  options.onReopen(() => proxy.reopenLogs());
  void parentGone.then(() => {
    log.warn({}, "the parent is gone; leaving");
    stopping.resolve(0);
  });
  using _ = keepMemorySmall();
  const code = await stopping.promise;
  await proxy.drain();
  return code;
}

async function readBootstrap(
  input: AsyncIterable<Uint8Array>,
): Promise<{ readonly bootstrap: Bootstrap; readonly parentGone: Promise<void> }> {
  const iterator = input[Symbol.asyncIterator]();
  const decoder = new TextDecoder();
  let text = "";
  while (!text.includes("\n")) {
    const { done, value } = await iterator.next();
    if (done) break;
    text += decoder.decode(value, { stream: true });
  }
  const parentGone = (async () => {
    while (!(await iterator.next()).done);
  })();
  try {
    return { bootstrap: JSON.parse(text) as Bootstrap, parentGone };
  } catch (cause) {
    throw new Error("the bootstrap on standard input is not a line of JSON", { cause });
  }
}
