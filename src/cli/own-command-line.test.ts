import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { tempDir } from "../../test/support/temp-dir.ts";
import { ownCommandLine } from "./own-command-line.ts";

test("the folder that the user is in brings no code, no variables and no modules into Weft", async () => {
  await using dir = await tempDir();
  const folder = dir.path;
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
