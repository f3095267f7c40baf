// Runs the pinned Bun with the given arguments, after the set-up: `node scripts/bun.mjs test ./src/wire`.
import { spawn } from "node:child_process";
import { fail, root, setUp } from "./setup.mjs";

const bun = await setUp().catch(fail);
const child = spawn(bun, process.argv.slice(2), { cwd: root, stdio: "inherit" });
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.once("error", (error) => {
  process.stderr.write(`weft: ${error.message}\n`);
  process.exitCode = 1;
});
child.once("exit", (code, signal) => {
  process.exitCode = code ?? 128 + (signal === "SIGINT" ? 2 : 15);
});
