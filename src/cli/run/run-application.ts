import { CliError } from "../cli-error.ts";
import { exitCodeOf } from "./run-signals.ts";

/** The user's command at work. */
export interface Application {
  readonly pid: number;
  /** The exit code that a shell would report (128 + signal number when a signal ended it). */
  readonly exited: Promise<number>;
  signal(name: NodeJS.Signals): void;
}

/** Runs the user's command with our own standard streams. Throws CliError when it cannot be started. */
export function startApplication(
  command: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Application {
  const child = spawn(command, environment);
  const exited = child.exited.then(() =>
    child.signalCode === null ? (child.exitCode ?? 0) : exitCodeOf(`${child.signalCode}`),
  );
  return { pid: child.pid, exited, signal: (name) => child.kill(name) };
}

function spawn(
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
