import { type ArmName, armNames, type CaseName, caseNames } from "../arms/arm.ts";
import { pin } from "../lab/cores.ts";
import { type Regime, regimes } from "../measure/sample.ts";
import { baselineText, readBaseline } from "../report/compare-baseline.ts";
import { resultMarkdown, resultText } from "../report/text.ts";
import { runCompare } from "../run-compare.ts";
import { defineBench } from "./bench-command.ts";
import { count, listOf } from "./option-readers.ts";

export interface CompareOptions {
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUp: number;
  readonly arms: readonly ArmName[];
  readonly case: readonly CaseName[];
  readonly regime: readonly Regime[];
  readonly baseline?: string;
}

export const compare = defineBench<CompareOptions>({
  name: "compare",
  summary: "requests/s, latency, CPU and memory, interleaved, as ratios to HAProxy (the default)",
  examples: ["", "--arms haproxy,weft --case pair"],
  options(command) {
    command
      .option("--rounds <n>", "rounds, in each of which every arm runs once", count, 7)
      .option("--seconds <n>", "of each run", count, 3)
      .option("--warm-up <n>", "seconds before each arm's first run", count, 3)
      .option("--arms <names>", armNames.join(","), listOf(armNames), armNames)
      .option("--case <names>", caseNames.join(","), listOf(caseNames), caseNames)
      .option("--regime <names>", regimes.join(","), listOf(regimes), regimes)
      .option("--baseline <file>", "an earlier result's JSON, to compare ratios with");
  },
  async run({ lab, say }, options) {
    const baseline = options.baseline === undefined ? undefined : readBaseline(options.baseline);
    pin(process.pid, "load");
    const result = await runCompare(lab, options, say);
    const change = baseline ? `\n${baselineText(result, baseline)}` : "";
    const report = {
      text: resultText(result) + change,
      markdown: resultMarkdown(result),
      json: result,
    };
    if (result.samples.every(({ failures }) => failures === 0)) return report;
    const failure = "requests failed: the figures of those arms are worth nothing";
    return { ...report, failure };
  },
});
