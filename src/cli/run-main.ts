// What surrounds every program of ours: the one place where an error becomes words and an exit code.
import { CliError } from "./cli-error.ts";

/** Runs the work of this process to its end. */
export async function runMain(work: () => Promise<void>): Promise<void> {
  process.stdout.on("error", endWithoutReader);
  try {
    refuseUnsafeEnvironment();
    await work();
  } catch (error) {
    process.exitCode = rescue(error);
  }
}

/** For work that reads its input to the end: an error, too, ends the process, although the input is still open. */
export async function runToExit(work: () => Promise<number>): Promise<never> {
  process.exit(await work().catch(rescue));
}

function refuseUnsafeEnvironment(): void {
  if (process.env.NODE_TLS_REJECT_UNAUTHORIZED !== "0") return;
  throw new CliError(
    "usage",
    "NODE_TLS_REJECT_UNAUTHORIZED=0 would turn off every certificate check",
    "unset it; a workload's own TLS is not Weft's business, but the mesh's identity is",
  );
}

/** The one rescue. Standard output stays for results. Returns the exit code. */
function rescue(error: unknown): number {
  if (error instanceof CliError) {
    process.stderr.write(`weft: ${error.message}\n`);
    if (error.hint !== undefined) process.stderr.write(`  ${error.hint}\n`);
    return error.exitCode;
  }
  process.stderr.write(`weft: internal error, which is a bug in Weft\n${Bun.inspect(error)}\n`);
  return 1;
}

/** `weft get … | head` ends like any other filter whose reader has gone. */
function endWithoutReader(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE") process.exit(141);
  throw error;
}
