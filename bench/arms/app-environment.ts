import { readFileSync } from "node:fs";
import type { Lab, LabProcess } from "../lab/lab.ts";
import { until } from "../lab/wait.ts";
import { processTree } from "../measure/process-table.ts";

/** The HTTP proxy that the application under this `weft run` was told of. Throws when it does not start. */
export async function readAppEnvironment(lab: Lab, run: LabProcess): Promise<URL> {
  let found: string | undefined;
  await until({ lab, watched: [run], what: `${run.name} starts its application` }, () => {
    const application = processTree(run.pid).find(({ command }) => command[0] === "sleep");
    if (!application) return false;
    found = readFileSync(`/proc/${application.pid}/environ`, "utf8")
      .split("\0")
      .find((line) => line.startsWith("HTTP_PROXY="))
      ?.slice("HTTP_PROXY=".length);
    return found !== undefined;
  });
  if (found === undefined) throw new Error(`${run.name}: no HTTP_PROXY`);
  return new URL(found);
}
