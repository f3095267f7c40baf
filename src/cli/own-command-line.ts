import { join } from "node:path";

const root = join(import.meta.dir, "../..");

/** What Bun must not take from the folder that the user happens to be in; the launcher passes the same. */
const bunFlags = [`--config=${join(root, "bunfig.toml")}`, "--no-env-file", "--no-install"];

/** The command line that starts another process of this very Weft. `extraBunFlags`: `--smol`, for instance. */
export function ownCommandLine(
  args: readonly string[],
  extraBunFlags: readonly string[] = [],
): readonly [string, ...string[]] {
  return commandLineOf(join(root, "src/main.ts"), args, extraBunFlags);
}

/** The same for another program of Weft's than its main one. */
export function commandLineOf(
  program: string,
  args: readonly string[],
  extraBunFlags: readonly string[] = [],
): readonly [string, ...string[]] {
  return [process.execPath, ...bunFlags, ...extraBunFlags, program, ...args];
}
