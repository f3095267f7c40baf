// `npm run bench`: reads the command line, opens a lab, and leaves nothing behind, whatever happens.
import { pin } from "./lab/cores.ts";
import { Lab } from "./lab/lab.ts";
import { extendPath } from "./lab/programs.ts";
import {
  type BenchCommands,
  type CompareOptions,
  type PropagationOptions,
  runBench,
} from "./options.ts";
import { runPropagation } from "./propagation/run-propagation.ts";
import { propagationMarkdown, propagationText } from "./propagation/text.ts";
import { baselineText, readBaseline } from "./report/compare-baseline.ts";
import { writeReadmeFigures } from "./report/readme-figures.ts";
import { saveResult } from "./report/save.ts";
import { resultMarkdown, resultText } from "./report/text.ts";
import { runCompare } from "./run-compare.ts";

const say = (line: string): void => void process.stderr.write(`${line}\n`);

const commands: BenchCommands = {
  async compare(options) {
    const baseline = options.baseline === undefined ? undefined : readBaseline(options.baseline);
    pin(process.pid, "load");
    const result = await inLab((lab) => runCompare(lab, options, say));
    const change = baseline ? `\n${baselineText(result, baseline)}` : "";
    const report = { text: resultText(result) + change, markdown: resultMarkdown(result) };
    finish("compare", options, { ...report, json: result });
    if (result.samples.some(({ failures }) => failures > 0)) {
      say("requests failed: the figures of those arms are worth nothing");
      process.exitCode = 1;
    }
  },
  async propagation(options) {
    const result = await inLab((lab) => runPropagation(lab, options, say));
    const report = { text: propagationText(result), markdown: propagationMarkdown(result) };
    finish("propagation", options, { ...report, json: result });
  },
};

interface Report {
  readonly text: string;
  readonly markdown: string;
  readonly json: unknown;
}

function finish(
  name: "compare" | "propagation",
  { output, readme }: CompareOptions | PropagationOptions,
  { text, markdown, json }: Report,
): void {
  const now = new Date();
  const file = saveResult(name, { text, json, now });
  if (readme === true) writeReadmeFigures(name, markdown, { now });
  process.stdout.write(output === "json" ? `${JSON.stringify(json)}\n` : text);
  say(`saved ${file}`);
}

async function inLab<T>(work: (lab: Lab) => Promise<T>): Promise<T> {
  await using lab = new Lab();
  const interrupt = (): void => lab.interrupt();
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, interrupt);
  try {
    return await work(lab);
  } catch (cause) {
    if (lab.signal.aborted) throw lab.signal.reason;
    throw cause;
  } finally {
    for (const signal of signals) process.off(signal, interrupt);
  }
}

extendPath();
try {
  await runBench(process.argv.slice(2), commands);
} catch (cause) {
  say(cause instanceof Error ? cause.message : String(cause));
  process.exitCode = 1;
}
