import { join } from "node:path";

const root = join(import.meta.dir, "../..");
let found: string | undefined;

/** Path of the Envoy that the tests run; the test group brings it. */
export function envoyPath(): string {
  if (found !== undefined) return found;
  const run = Bun.spawnSync(["node", join(root, "scripts/envoy.mjs")], { stderr: "pipe" });
  if (run.exitCode !== 0) throw new Error(`there is no Envoy to test with: ${run.stderr}`);
  found = run.stdout.toString().trim();
  return found;
}

/** Flags of `weft run` for a workload whose traffic Envoy carries. */
export function withEnvoy(): readonly string[] {
  return ["--engine", "envoy", "--envoy-path", envoyPath()];
}
