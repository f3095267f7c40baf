import { cp, mkdir, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { tempDir } from "./temp-dir.ts";

const root = join(import.meta.dir, "../..");

export interface CheckoutCopy extends AsyncDisposable {
  readonly path: string;
  /** An empty home folder. */
  readonly home: string;
}

/** What a clone would hold now, uncommitted files included; installed packages are linked, nothing else is set up. */
export async function checkoutCopy(): Promise<CheckoutCopy> {
  const dir = await tempDir();
  const path = join(dir.path, "weft");
  const listed = Bun.spawnSync(["git", "ls-files", "-z", "-co", "--exclude-standard"], {
    cwd: root,
  });
  if (listed.exitCode !== 0) throw new Error(`git ls-files failed: ${listed.stderr}`);
  for (const file of listed.stdout.toString().split("\0").filter(Boolean)) {
    if (!(await Bun.file(join(root, file)).exists())) continue; // deleted and not committed yet
    await mkdir(dirname(join(path, file)), { recursive: true });
    await cp(join(root, file), join(path, file), { verbatimSymlinks: true });
  }
  await symlink(join(root, "node_modules"), join(path, "node_modules"));
  const home = join(dir.path, "home");
  await mkdir(home);
  return { path, home, [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() };
}
