import { describe, expect, test } from "bun:test";
import { type RunBeside, runBesideProxy } from "./run-beside-proxy.ts";
import type { RunSignal } from "./run-signals.ts";

/** A run whose parts do what the test says; `press` is a Ctrl-C in its terminal. */
class ScriptedRun {
  readonly handedOn: RunSignal[] = [];
  #take: (signal: RunSignal) => void;
  readonly #interrupted = Promise.withResolvers<RunSignal>();
  readonly #applicationEnded = Promise.withResolvers<number>();
  readonly started = Promise.withResolvers<void>();

  constructor() {
    this.#take = (signal) => this.#interrupted.resolve(signal);
  }

  press(): void {
    this.#take("SIGINT");
  }

  endApplication(code: number): void {
    this.#applicationEnded.resolve(code);
  }

  /** `atStart` is called in the moment in which the application is started. */
  begin(ready: Promise<void>, atStart: () => void = () => undefined): Promise<number> {
    const done = async () => undefined;
    const run: RunBeside = {
      proxy: {
        ready,
        leave: done,
        guard: () => undefined,
        stop: done,
      },
      signals: {
        interrupted: this.#interrupted.promise,
        take: (callback) => {
          this.#take = callback;
        },
        isFromTerminal: () => true,
      },
      startApplication: () => {
        atStart();
        this.started.resolve();
        return {
          pid: process.pid,
          exited: this.#applicationEnded.promise,
          signal: (name) => void this.handedOn.push(name as RunSignal),
        };
      },
      replaceProxy: () => undefined,
      closeSockets: () => undefined,
      logPath: "proxy.log",
      drainMs: 0,
    };
    return runBesideProxy(run);
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("Ctrl-C in the terminal", () => {
  test("before the proxy is ready ends the run, and no application is started", async () => {
    const run = new ScriptedRun();
    const code = run.begin(new Promise(() => undefined));
    run.press();
    expect(await code).toBe(130);
  });

  test("in the moment in which the proxy is ready does so too", async () => {
    const run = new ScriptedRun();
    const ready = Promise.withResolvers<void>();
    const code = run.begin(ready.promise, () => {
      throw new Error("the application is started");
    });
    ready.resolve();
    await Promise.resolve();
    run.press();
    expect(await code).toBe(130);
  });

  test("while the application is being started, which may not have had it, is handed on", async () => {
    const run = new ScriptedRun();
    const code = run.begin(Promise.resolve(), () => queueMicrotask(() => run.press()));
    await run.started.promise;
    await turn();
    expect(run.handedOn).toEqual(["SIGINT"]);
    run.endApplication(130);
    expect(await code).toBe(130);
  });

  test("later is the application's own, and is not handed on", async () => {
    const run = new ScriptedRun();
    const code = run.begin(Promise.resolve());
    await run.started.promise;
    for (let i = 0; i < 5; i++) await turn();
    run.press();
    await turn();
    expect(run.handedOn).toEqual([]);
    run.endApplication(9);
    expect(await code).toBe(9);
  });
});
