// The entry point: reads the environment once and runs one command.
import { takeEnvironment } from "#cli/environment.ts";
import { runCommand } from "#cli/run-command.ts";
import { runMain } from "#cli/run-main.ts";
import manifest from "../package.json";

await runMain(async () => {
  const environment = takeEnvironment(process.env, manifest.version);
  await runCommand(process.argv.slice(2), environment);
});
