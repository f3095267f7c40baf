import { ownCommandLine } from "../../src/cli/own-command-line.ts";
import { OutputLines } from "./output-lines.ts";
import { killTree, processesOfTree, TREE_VARIABLE } from "./process-tree.ts";

export interface SpawnOptions {
  readonly cwd?: string;
  /** Added to the environment of the test. */
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

/** A running program. Leaving the scope ends it and everything that it started. */
export interface Spawned extends AsyncDisposable {
  readonly pid: number;
  readonly stdout: OutputLines;
  readonly stderr: OutputLines;
  /** The exit code, or 128 + the signal's number; resolves when all output is read. */
  readonly exited: Promise<number>;
  /** The first line of standard output that is a JSON object. */
  json(deadlineMs?: number): Promise<Readonly<Record<string, unknown>>>;
  signal(name: NodeJS.Signals): void;
  /** The program and its descendants that still run, orphans included. */
  processes(): readonly number[];
}

export interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts `weft ARGS…` from this checkout. */
export function spawnWeft(args: readonly string[], options: SpawnOptions = {}): Spawned {
  return spawnProgram(ownCommandLine(args), options);
}

/** Runs `weft ARGS…` to its end. */
export async function runWeft(args: readonly string[], options?: SpawnOptions): Promise<Ended> {
  return toItsEnd(spawnWeft(args, options));
}

/** Runs any program to its end. */
export async function runProgram(
  command: readonly string[],
  options?: SpawnOptions,
): Promise<Ended> {
  return toItsEnd(spawnProgram(command, options));
}

/** Starts any program. */
export function spawnProgram(command: readonly string[], options: SpawnOptions = {}): Spawned {
  const mark = crypto.randomUUID();
  const child = Bun.spawn([...command], {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...process.env, ...options.env, [TREE_VARIABLE]: mark },
    stdin: options.stdin === undefined ? "ignore" : new TextEncoder().encode(options.stdin),
    stdout: "pipe",
    stderr: "pipe",
  });
  const stdout = new OutputLines();
  const stderr = new OutputLines();
  const read = Promise.all([stdout.follow(child.stdout), stderr.follow(child.stderr)]);
  return {
    pid: child.pid,
    stdout,
    stderr,
    exited: child.exited.then((code) => read.then(() => code)),
    json: async (deadlineMs) => JSON.parse((await stdout.line(/^\{.*\}$/, deadlineMs))[0]),
    signal: (name) => child.kill(name),
    processes: () => processesOfTree(mark),
    [Symbol.asyncDispose]: async () => {
      killTree(mark);
      await child.exited;
    },
  };
}

/** Some programs (nginx, Redis) hide their environment, by which orphans are found: they are ended by whoever started them. */
export async function endInGoodOrder(program: Spawned): Promise<void> {
  program.signal("SIGTERM");
  await Promise.race([program.exited, Bun.sleep(3_000)]);
  await program[Symbol.asyncDispose]();
}

async function toItsEnd(spawned: Spawned): Promise<Ended> {
  await using program = spawned;
  const exitCode = await program.exited;
  return { exitCode, stdout: program.stdout.text, stderr: program.stderr.text };
}
