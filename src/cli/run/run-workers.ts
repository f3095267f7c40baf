// `weft proxy --concurrency N`: this process then carries no traffic. It is to its own parent what one proxy process is, and
// has N of these on the sockets that it has inherited.
import { systemClock } from "#core/clock.ts";
import type { Bootstrap, ProxyOrder } from "#proxy/bootstrap.ts";
import { endApplication, type LeftAlone } from "#proxy/end-application.ts";
import { ParentLink } from "#proxy/parent-link.ts";
import { type SupervisedProxy, superviseProxy } from "#proxy/supervise/proxy-process.ts";
import { runToExit } from "../run-main.ts";
import { withEngineOptions } from "./engine-options.ts";
import { proxyCommandLine } from "./proxy-program.ts";
import { LEAVE_MS } from "./run-beside-proxy.ts";

const KILL_AFTER_MS = 1_000;
const REPLACE_MS = 30_000;

/** Runs until SIGTERM or the end of its input, and then ends the process. */
export async function runWorkers(workers: number): Promise<void> {
  const parent = new ParentLink(
    Bun.stdin.stream() as unknown as AsyncIterable<Uint8Array>,
    (line) => void process.stdout.write(line),
  );
  process.on("SIGINT", () => undefined); // the application's
  await runToExit(async () => new Supervision(await parent.bootstrap(), parent, workers).run());
}

class Supervision {
  readonly #bootstrap: Bootstrap;
  readonly #parent: ParentLink;
  readonly #proxy: SupervisedProxy;
  readonly #ending = Promise.withResolvers<number>();
  #source: "control-plane" | "last-good" = "control-plane";
  #application: LeftAlone | undefined;

  constructor(bootstrap: Bootstrap, parent: ParentLink, workers: number) {
    this.#bootstrap = bootstrap;
    this.#parent = parent;
    this.#proxy = superviseProxy({
      command: () => proxyCommandLine(["--smol"]),
      environment: withEngineOptions(process.env),
      sockets: bootstrap.sockets.map(({ name, address, fd }) => ({ name, address, fds: [fd] })),
      workers,
      bootstrap: async (sockets) => ({ ...bootstrap, sockets }),
      clock: systemClock,
      onEvent: (event) => {
        if (event.kind === "ready") this.#source = event.source;
        if (event.kind !== "failed") return;
        parent.say({ event: "fatal", code: "internal", message: event.message });
        this.#ending.resolve(1);
      },
    });
  }

  /** Resolves with the exit code. */
  async run(): Promise<number> {
    const { drainMs } = this.#bootstrap;
    process.on("SIGTERM", () => this.#ending.resolve(0));
    process.on("SIGHUP", () => this.#proxy.reopenLogs());
    process.on("SIGUSR2", () => void this.#proxy.replace(REPLACE_MS));
    void this.#proxy.ready.then(
      () => this.#parent.say({ event: "ready", source: this.#source }),
      () => undefined, // said as `failed`
    );
    this.#parent.listen((order) => this.#obey(order));
    void this.#parent.gone.then(() => this.#outliveParent());
    const code = await this.#ending.promise;
    await this.#proxy.leave(LEAVE_MS);
    await this.#proxy.stop(drainMs + KILL_AFTER_MS);
    return code;
  }

  #obey(order: ProxyOrder): void {
    if (order.order === "application") {
      this.#application = order;
      this.#proxy.guard(order.pid);
    }
    if (order.order === "leave")
      void this.#proxy.leave(LEAVE_MS).then(() => this.#parent.say({ event: "left" }));
    if (order.order === "retire") void this.#proxy.retire().then(() => process.exit(0));
  }

  /** As a proxy of one process does: the application ends before its proxy. */
  async #outliveParent(): Promise<void> {
    if (this.#application !== undefined) {
      await this.#proxy.leave(LEAVE_MS);
      const { drainMs: deadlineMs } = this.#bootstrap;
      await endApplication(this.#application, { signals: true, deadlineMs });
    }
    this.#ending.resolve(0);
  }
}
