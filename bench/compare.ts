// `npm run bench`: reads the command line, opens a lab, and leaves nothing behind, whatever happens.
import { pin } from "./lab/cores.ts";
import { Lab } from "./lab/lab.ts";
import { extendPath } from "./lab/programs.ts";
import { type BenchCommands, runBench } from "./options.ts";
import { runPropagation } from "./propagation/run-propagation.ts";
import { propagationText } from "./propagation/text.ts";
import { baselineText, readBaseline } from "./report/compare-baseline.ts";
import { saveResult } from "./report/save.ts";
import { resultText } from "./report/text.ts";
import { runCompare } from "./run-compare.ts";

const say = (line: string): void => void process.stderr.write(`${line}\n`);

const commands: BenchCommands = {
  async compare(options) {
    const baseline = options.baseline === undefined ? undefined : readBaseline(options.baseline);
    const result = await inLab((lab) => runCompare(lab, options, say));
    const text = [resultText(result), ...(baseline ? [baselineText(result, baseline)] : [])].join(
      "\n",
    );
    finish("compare", options.output, { text, json: result });
    if (result.samples.some(({ failures }) => failures > 0)) {
      say("requests failed: the figures of those arms are worth nothing");
      process.exitCode = 1;
    }
  },
  async propagation(options) {
    const result = await inLab((lab) => runPropagation(lab, options, say));
    finish("propagation", options.output, { text: propagationText(result), json: result });
  },
};

function finish(
  name: string,
  output: "text" | "json",
  { text, json }: { readonly text: string; readonly json: unknown },
): void {
  const file = saveResult(name, { text, json, now: new Date() });
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
pin(process.pid, "load");
try {
  await runBench(process.argv.slice(2), commands);
} catch (cause) {
  say(cause instanceof Error ? cause.message : String(cause));
  process.exitCode = 1;
}
