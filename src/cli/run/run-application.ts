import { constants } from "node:os";
import { CliError } from "../cli-error.ts";

const forwarded = ["SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"] as const;

/**
 * Runs the user's command with our own standard streams, hands signals on to it, and resolves with the exit code that a
 * shell would report for it (128 + signal number when a signal ended it). Throws CliError when it cannot be started.
 */
export async function runApplication(
  command: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  let child: Bun.Subprocess | undefined;
  // We listen before it runs: a signal in between would end us and leave it behind. Handlers run between turns of the
  // event loop, so there is a child by then.
  const stops = forwarded.map((signal) => onSignal(signal, () => child?.kill(signal)));
  // A terminal sends Ctrl-C to the application itself, which is in our group; from elsewhere it has to be handed on.
  stops.push(
    onSignal("SIGINT", () => {
      if (!process.stdin.isTTY) child?.kill("SIGINT");
    }),
  );
  try {
    child = start(command, environment);
    await child.exited;
  } finally {
    for (const stop of stops) stop();
  }
  if (child.signalCode === null) return child.exitCode ?? 0;
  return 128 + (constants.signals[child.signalCode as keyof typeof constants.signals] ?? 0);
}

function start(
  command: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Bun.Subprocess {
  const [program = ""] = command;
  try {
    return Bun.spawn([...command], {
      stdio: ["inherit", "inherit", "inherit"],
      env: { ...environment },
    });
  } catch (cause) {
    throw cannotRun(program, cause);
  }
}

/** Said before anything is started for it. Throws CliError. */
export function checkProgram(
  program: string,
  { PATH = "" }: Readonly<Record<string, string | undefined>>,
): void {
  if (Bun.which(program, { PATH }) !== null) return;
  throw cannotRun(program);
}

function cannotRun(program: string, cause?: unknown): CliError {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  const isMissing = cause === undefined || code === "ENOENT";
  const why = isMissing ? "no such program" : `cannot be started (${code ?? String(cause)})`;
  return new CliError("usage", `${program}: ${why}`, "the command to run comes after --", cause);
}

function onSignal(signal: NodeJS.Signals, handler: () => void): () => void {
  process.on(signal, handler);
  return () => process.off(signal, handler);
}
