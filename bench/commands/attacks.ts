import { type AttackRunOptions, runAttacks } from "../attacks/run-attacks.ts";
import { attacksMarkdown, attacksText } from "../attacks/text.ts";
import { pin } from "../lab/cores.ts";
import { defineBench } from "./bench-command.ts";
import { count } from "./option-readers.ts";

export const attacks = defineBench<AttackRunOptions>({
  name: "attacks",
  summary: "what hostile clients and servers do to bystanders, and what they cost",
  examples: [
    "attacks",
    "attacks --only rapid-reset,slow-heads --seconds 10",
    "attacks --only upstream -o json",
  ],
  options(command) {
    command
      .option("--only <names>", "attacks whose names have one of these parts", (text) =>
        text.split(","),
      )
      .option("--seconds <n>", "of each attack", count, 3)
      .option("--rate <n>", "requests/s of the bystanders", count, 100);
  },
  async run({ lab, say }, options) {
    pin(process.pid, "load");
    const result = await runAttacks(lab, options, say);
    const report = { text: attacksText(result), markdown: attacksMarkdown(result), json: result };
    const failed = result.attacks.filter(({ during, after }) => during.failed + after.failed > 0);
    if (failed.length === 0) return report;
    return { ...report, failure: `bystanders failed: ${failed.map(({ key }) => key).join(", ")}` };
  },
});
