import { join } from "node:path";

const root = join(import.meta.dir, "../..");

/** What Bun must not take from the folder that the user happens to be in; the launcher passes the same. */
const bunFlags = [`--config=${join(root, "bunfig.toml")}`, "--no-env-file", "--no-install"];

/** The command line that starts another process of this very Weft. `extraBunFlags`: `--smol`, for instance. */
export function ownCommandLine(
  args: readonly string[],
  extraBunFlags: readonly string[] = [],
): readonly [string, ...string[]] {
  return [process.execPath, ...bunFlags, ...extraBunFlags, join(root, "src/main.ts"), ...args];
}
