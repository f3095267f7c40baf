// The only entry point: reads the environment once, runs one command, and is the one place where an error of the command
// line becomes words and an exit code.
import { CliError } from "#cli/cli-error.ts";
import { takeEnvironment } from "#cli/environment.ts";
import { runCommand } from "#cli/run-command.ts";
import manifest from "../package.json";

function refuseUnsafeEnvironment(): void {
  if (process.env.NODE_TLS_REJECT_UNAUTHORIZED !== "0") return;
  throw new CliError(
    "usage",
    "NODE_TLS_REJECT_UNAUTHORIZED=0 would turn off every certificate check",
    "unset it; a workload's own TLS is not Weft's business, but the mesh's identity is",
  );
}

/** The one rescue. Standard output stays for results. */
function rescue(error: unknown): void {
  if (error instanceof CliError) {
    process.stderr.write(`weft: ${error.message}\n`);
    if (error.hint !== undefined) process.stderr.write(`  ${error.hint}\n`);
    process.exitCode = error.exitCode;
    return;
  }
  process.stderr.write(`weft: internal error, which is a bug in Weft\n${Bun.inspect(error)}\n`);
  process.exitCode = 1;
}

/** `weft get … | head` ends like any other filter whose reader has gone. */
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(141);
  throw error;
});

try {
  refuseUnsafeEnvironment();
  const isTerminal = process.stdout.isTTY === true;
  const environment = takeEnvironment(process.env, manifest.version, isTerminal);
  await runCommand(process.argv.slice(2), environment);
} catch (error) {
  rescue(error);
}
