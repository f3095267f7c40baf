import { type ArmName, armNames } from "../arms/arm.ts";
import { type CaseName, caseNames, type Regime, regimes } from "../compare/cases.ts";
import type { PlanOptions } from "../compare/plan.ts";
import { runCompare } from "../compare/run-compare.ts";
import { pin } from "../lab/cores.ts";
import { BASELINE, readBaseline, writeBaseline } from "../report/baseline.ts";
import { movesText } from "../report/moves.ts";
import type { BenchResult } from "../report/result.ts";
import { resultMarkdown, resultText } from "../report/text.ts";
import { defineBench } from "./bench-command.ts";
import { count, countOrNone, listOf } from "./option-readers.ts";

export interface CompareOptions extends Partial<PlanOptions> {
  readonly quick?: boolean;
  /** True: the committed one. */
  readonly compare?: string | true;
  readonly saveBaseline?: boolean;
}

/** Under 25 minutes on two cores. Code that is compiled as it runs needs some seconds of warming up on a core that is shared. */
export const fullRun: PlanOptions = {
  ...{ rounds: 7, seconds: 2, warmUp: 4, settle: 60 },
  ...{ arms: armNames, case: caseNames, regime: regimes },
};

/** Under three minutes. */
export const quickRun: PlanOptions = {
  ...{ rounds: 3, seconds: 1, warmUp: 1, settle: 0 },
  arms: ["direct", "haproxy", "haproxy-h2", "envoy", "envoy-h2", "weft"],
  ...{ case: ["one-hop", "pair"], regime: ["saturation", "fixed-rate"] },
};

export function planOptions(options: CompareOptions): PlanOptions {
  const { quick, compare: _, saveBaseline: __, ...given } = options;
  return { ...(quick === true ? quickRun : fullRun), ...given };
}

export const compare = defineBench<CompareOptions>({
  name: "compare",
  summary: "CPU, latency, throughput and memory beside other proxies, interleaved (the default)",
  examples: [
    "",
    "--quick",
    "--quick --compare",
    "--arms haproxy,weft --case pair --rounds 7 --seconds 3",
    "--case one-hop,routes-10k-prefix --regime saturation -o json",
  ],
  options(command) {
    const { rounds, seconds, warmUp, settle } = fullRun;
    command
      .option("--quick", "one hop and pair beside HAProxy and Envoy, in short")
      .option("--rounds <n>", `in each of which every arm runs once (${rounds})`, count)
      .option("--seconds <n>", `of each run (${seconds})`, count)
      .option("--warm-up <n>", `seconds before each arm's first run (${warmUp})`, countOrNone)
      .option("--settle <n>", `seconds of rest before memory is read (${settle})`, countOrNone)
      .option("--arms <names>", armNames.join(","), listOf<ArmName>(armNames))
      .option("--case <names>", caseNames.join(","), listOf<CaseName>(caseNames))
      .option("--regime <names>", regimes.join(","), listOf<Regime>(regimes))
      .option("--once", "every case and every arm once, instead of all with all")
      .option("--compare [file]", `say what moved against a result (${BASELINE})`)
      .option("--save-baseline", `keep the result as ${BASELINE}`);
  },
  async run(context, options) {
    const before = baselineOf(options);
    pin(process.pid, "load");
    const result = await runCompare(context, planOptions(options));
    if (options.saveBaseline === true) writeBaseline(result);
    const moves = before ? `\n${movesText(result, before)}` : "";
    const report = {
      ...{ text: resultText(result) + moves, markdown: resultMarkdown(result), json: result },
    };
    const failure = failureOf(result);
    return failure === undefined ? report : { ...report, failure };
  },
});

function baselineOf({ compare: file }: CompareOptions): BenchResult | undefined {
  if (file === undefined) return undefined;
  return readBaseline(file === true ? BASELINE : file);
}

function failureOf({ samples, broken }: BenchResult): string | undefined {
  if (broken.length > 0)
    return broken.map((each) => `${each.arm}, ${each.case}: ${each.reason}`).join("\n");
  const bad = samples.filter(({ failures }) => failures > 0);
  if (bad.length === 0) return undefined;
  const names = [...new Set(bad.map((each) => `${each.arm} in ${each.case}`))].join(", ");
  return `requests failed (${names}): those figures are worth nothing`;
}
