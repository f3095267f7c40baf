import { systemClock } from "#core/clock.ts";
import { type ProxyMainOptions, proxyMain } from "#proxy/proxy-main.ts";
import { BootstrapError } from "#proxy/read-bootstrap.ts";
import { CliError } from "../cli-error.ts";
import { jsonLog } from "../output/json-log.ts";
import { runToExit } from "../run-main.ts";

/** Runs a proxy of ours, or the agent of another engine, to its end, and then the process. */
export async function runProxyProcess(start: ProxyMainOptions["start"]): Promise<void> {
  process.on("SIGINT", () => undefined); // the application's
  await runToExit(() =>
    proxyMain({
      input: Bun.stdin.stream() as unknown as AsyncIterable<Uint8Array>,
      clock: systemClock,
      random: Math.random,
      log: jsonLog((line) => process.stderr.write(line)),
      output: (line) => void process.stdout.write(line),
      onTerminate: (callback) => void process.on("SIGTERM", callback),
      onReopen: (callback) => void process.on("SIGHUP", callback),
      start,
    }).catch(explain),
  );
}

function explain(cause: unknown): never {
  if (!(cause instanceof BootstrapError)) throw cause;
  throw new CliError("usage", cause.message, "src/proxy/bootstrap.ts says what is in it", cause);
}
