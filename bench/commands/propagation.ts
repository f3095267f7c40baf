import { runPropagation } from "../propagation/run-propagation.ts";
import { propagationMarkdown, propagationText } from "../propagation/text.ts";
import { defineBench } from "./bench-command.ts";
import { count } from "./option-readers.ts";

export interface PropagationOptions {
  readonly proxies: number;
  readonly changes: number;
}

export const propagation = defineBench<PropagationOptions>({
  name: "propagation",
  summary: "time from the API's answer to the first request served by the new rule",
  examples: ["propagation", "propagation --proxies 5 --changes 10"],
  options(command) {
    command
      .option("--proxies <n>", "running proxies", count, 20)
      .option("--changes <n>", "weight changes", count, 30);
  },
  async run({ lab, say }, options) {
    const result = await runPropagation(lab, options, say);
    return { text: propagationText(result), markdown: propagationMarkdown(result), json: result };
  },
});
