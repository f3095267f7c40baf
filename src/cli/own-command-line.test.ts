import { expect, test } from "bun:test";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ownCommandLine } from "./own-command-line.ts";

test("the folder that the user is in brings no code, no variables and no modules into Weft", () => {
  const folder = mkdtempSync(join(tmpdir(), "weft-hostile-"));
  writeFileSync(join(folder, "bunfig.toml"), 'preload = ["./stranger.ts"]\n');
  writeFileSync(join(folder, ".env"), "NODE_TLS_REJECT_UNAUTHORIZED=0\n");
  writeFileSync(
    join(folder, "tsconfig.json"),
    '{ "compilerOptions": { "paths": { "commander": ["./stranger.ts"] } } }',
  );
  writeFileSync(join(folder, "stranger.ts"), 'console.log("stranger");\nprocess.exit(9);\n');
  const run = Bun.spawnSync([...ownCommandLine(["version", "-o", "json"])], { cwd: folder });
  expect(run.stderr.toString()).toBe("");
  expect(JSON.parse(run.stdout.toString())).toHaveProperty("version");
});
