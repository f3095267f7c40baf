import { runPropagation } from "../propagation/run-propagation.ts";
import { propagationMarkdown, propagationText } from "../propagation/text.ts";
import { defineBench } from "./bench-command.ts";
import { count, countOrNone } from "./option-readers.ts";

export interface PropagationOptions {
  readonly proxies: number;
  readonly changes: number;
  /** Others in the mesh, which nobody calls. */
  readonly services: number;
  /** Seconds for which the proxies are asked before the first change. */
  readonly warmUp: number;
}

export const propagation = defineBench<PropagationOptions>({
  name: "propagation",
  summary: "time from the API's answer to the first request served by the new rule",
  examples: ["propagation", "propagation --proxies 5 --changes 10", "propagation --services 1000"],
  options(command) {
    command
      .option("--proxies <n>", "running proxies", count, 20)
      .option("--changes <n>", "weight changes", count, 30)
      .option("--services <n>", "other services in the mesh", countOrNone, 0)
      .option("--warm-up <n>", "seconds of requests before the first change", countOrNone, 10);
  },
  async run({ lab, say }, options) {
    const result = await runPropagation(lab, options, say);
    return { text: propagationText(result), markdown: propagationMarkdown(result), json: result };
  },
});
