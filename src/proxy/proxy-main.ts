// The outermost part of a proxy process: its bootstrap from standard input, the orders of its parent, its signals, its end.
import type { Clock } from "#core/clock.ts";
import type { Log } from "#core/log.ts";
import { raiseFileLimit } from "#net/file-limit.ts";
import { peerUid } from "#net/peer-uid.ts";
import type { Bootstrap, ProxyOrder } from "./bootstrap.ts";
import { endApplication, type LeftAlone } from "./end-application.ts";
import { ParentLink } from "./parent-link.ts";
import { keepMemorySmall, settleAfterStart } from "./settle-memory.ts";
import type { ProxyOptions, Proxy as StartedProxy } from "./start-proxy.ts";

export interface ProxyMainOptions {
  /** One line of JSON, then orders, a line each, until the parent is gone. */
  readonly input: AsyncIterable<Uint8Array>;
  /** Lines for the parent. */
  readonly output: (line: string) => void;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** SIGTERM. SIGINT is the application's; a terminal sends it to everybody. */
  readonly onTerminate: (callback: () => void) => void;
  /** SIGHUP. */
  readonly onReopen: (callback: () => void) => void;
  /** Weft's own proxy, or the agent of another engine. */
  readonly start: (options: ProxyOptions) => Promise<StartedProxy>;
}

/**
 * Runs a proxy until it is told to stop, its parent is gone, or it cannot go on. Resolves with the exit code.
 * Throws BootstrapError when there is no bootstrap that it could start from.
 */
export async function proxyMain(options: ProxyMainOptions): Promise<number> {
  const { clock, random, log, start } = options;
  const parent = new ParentLink(options.input, options.output);
  const bootstrap = await parent.bootstrap();
  raiseFileLimit();
  const stopping = Promise.withResolvers<number>();
  const proxy = await start({
    bootstrap,
    clock,
    random,
    log,
    peerUid,
    ownUid: process.getuid?.() ?? -1,
    parent,
    onEvent(event) {
      parent.say(event);
      if (event.event === "ready") setImmediate(settleAfterStart);
      if (event.event === "fatal") stopping.resolve(1);
    },
  });
  const life = new ProxyLife({ bootstrap, proxy, parent, log });
  void life.retired.then(() => stopping.resolve(0));
  options.onTerminate(() => stopping.resolve(0));
  options.onReopen(() => proxy.reopenLogs());
  parent.listen((order) => life.obey(order));
  void parent.gone.then(async () => {
    log.warn({}, "the parent is gone; leaving");
    await life.outliveParent();
    stopping.resolve(0);
  });
  using _ = keepMemorySmall();
  const code = await stopping.promise;
  await proxy.drain();
  return code;
}

interface Living {
  readonly bootstrap: Bootstrap;
  readonly proxy: StartedProxy;
  readonly parent: ParentLink;
  readonly log: Log;
}

/** What the parent's orders and its death mean for a proxy. */
class ProxyLife {
  readonly #living: Living;
  readonly #retired = Promise.withResolvers<void>();
  #application: LeftAlone | undefined;

  constructor(living: Living) {
    this.#living = living;
  }

  /** Resolves when everything is finished after another process has taken over. */
  get retired(): Promise<void> {
    return this.#retired.promise;
  }

  obey(order: ProxyOrder): void {
    const { proxy, parent } = this.#living;
    if (order.order === "application") this.#application = order;
    if (order.order === "worker-gone") proxy.workerGone?.(order.worker);
    if (order.order === "retire")
      void this.#finish(proxy.retire?.(), () => this.#retired.resolve());
    if (order.order === "leave")
      void this.#finish(proxy.leave?.(), () => parent.say({ event: "left" }));
  }

  /** Nobody starts this proxy again: the application ends before it, and may call and be called until then. */
  async outliveParent(): Promise<void> {
    const { bootstrap, proxy } = this.#living;
    const application = this.#application;
    if (application === undefined) return;
    await this.#finish(proxy.leave?.(), () => undefined);
    const signals = (bootstrap.worker?.index ?? 0) === 0;
    await endApplication(application, { signals, deadlineMs: bootstrap.drainMs });
  }

  async #finish(work: Promise<void> | undefined, then: () => void): Promise<void> {
    try {
      await work;
    } catch (cause) {
      this.#living.log.error(
        { reason: String(cause) },
        "an order could not be followed to its end",
      );
    }
    then();
  }
}
