// An application and its proxy from the moment in which the proxy is started to the end of both, and what signals mean on
// the way:
//
//   proxy starts ──► application runs ──► application has ended ──► proxy drains ──► over
//     │ any: end       │ SIGUSR2: a new proxy     │ any: end at once
//                      │ others, first: leave the mesh, then handed on
//                      │ others, again: handed on at once
import type { ProxyProcess } from "#proxy/supervise/proxy-process.ts";
import { CliError } from "../cli-error.ts";
import type { Application } from "./run-application.ts";
import { exitCodeOf, type RunSignal, type RunSignals } from "./run-signals.ts";

export interface RunBeside {
  readonly proxy: Pick<ProxyProcess, "ready" | "leave" | "guard" | "stop">;
  readonly signals: Pick<RunSignals, "interrupted" | "take" | "isFromTerminal">;
  /** Called when the proxy is ready. Throws CliError. */
  startApplication(): Application;
  /** Replaces the proxy by a new one, and says how that went. */
  replaceProxy(): void;
  /** Nothing new is to come in: what waits in the sockets is turned away. */
  closeSockets(): void;
  /** The proxy's own log. */
  readonly logPath: string;
  /** Longest wait for requests in flight when the application has ended. */
  readonly drainMs: number;
}

/** How long callers may take to drop the workload before the application hears of its end. */
export const LEAVE_MS = 5_500;
const KILL_AFTER_MS = 1_000;
/** A Ctrl-C that has ended the application may reach us after its end. */
const ECHO_MS = 500;

/** Resolves with the exit code. Throws CliError. */
export async function runBesideProxy(run: RunBeside): Promise<number> {
  const { proxy, signals } = run;
  try {
    const early = await Promise.race([whenReady(run).then(turnOver), signals.interrupted]);
    if (early !== undefined) {
      await proxy.stop(0);
      return exitCodeOf(early);
    }
    return await runReady(run);
  } finally {
    await stop(run);
  }
}

async function whenReady({ proxy, logPath }: RunBeside): Promise<undefined> {
  try {
    await proxy.ready;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CliError("failed", why, `see ${logPath}`, cause);
  }
}

/** When every signal that has arrived by now has been told. */
async function turnOver(): Promise<undefined> {
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
}

async function runReady(run: RunBeside): Promise<number> {
  const { proxy, signals } = run;
  let application: Application | undefined;
  let hasLeft = false;
  let isOlder = true;
  const handOn = (signal: RunSignal) => application?.signal(signal);
  // Before it runs: a signal in between would end us and leave it behind. Handlers run between turns of the event loop, so
  // there is an application by then.
  signals.take((signal) => {
    if (signal === "SIGUSR2") run.replaceProxy();
    else if (signal === "SIGUSR1") handOn(signal);
    else if (signals.isFromTerminal(signal)) {
      if (isOlder) handOn(signal);
      void proxy.leave(LEAVE_MS);
    } else if (hasLeft) handOn(signal);
    else {
      hasLeft = true;
      void proxy.leave(LEAVE_MS).then(() => handOn(signal));
    }
  });
  application = run.startApplication();
  proxy.guard(application.pid);
  // What the terminal sent until then may be older than the application, which has not had it.
  void turnOver().then(() => {
    isOlder = false;
  });
  return await application.exited;
}

async function stop({ proxy, signals, closeSockets, drainMs }: RunBeside): Promise<void> {
  const endedAt = performance.now();
  const hurry = Promise.withResolvers<void>();
  signals.take((signal) => {
    const isEcho = signals.isFromTerminal(signal) && performance.now() - endedAt < ECHO_MS;
    if (!isEcho && signal !== "SIGUSR1" && signal !== "SIGUSR2") hurry.resolve();
  });
  void hurry.promise.then(() => proxy.stop(0));
  await Promise.race([proxy.leave(LEAVE_MS), hurry.promise]);
  closeSockets();
  await proxy.stop(drainMs + KILL_AFTER_MS);
}
