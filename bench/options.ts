import { Command, InvalidArgumentError, Option } from "commander";
import { type ArmName, armNames, type CaseName, caseNames } from "./arms/arm.ts";
import { type Regime, regimes } from "./measure/sample.ts";

export interface CompareOptions {
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUp: number;
  readonly arms: readonly ArmName[];
  readonly case: readonly CaseName[];
  readonly regime: readonly Regime[];
  readonly output: "text" | "json";
  readonly readme?: boolean;
  readonly baseline?: string;
}

export interface PropagationOptions {
  readonly proxies: number;
  readonly changes: number;
  readonly output: "text" | "json";
  readonly readme?: boolean;
}

export interface BenchCommands {
  compare(options: CompareOptions): Promise<void>;
  propagation(options: PropagationOptions): Promise<void>;
}

/** Reads the command line and runs the one that it names; exits with 1 and a message for a wrong one. */
export async function runBench(argv: readonly string[], commands: BenchCommands): Promise<void> {
  const program = new Command("bench").description("Weft beside direct calls, nginx and HAProxy");
  program
    .command("compare", { isDefault: true })
    .description("requests/s, latency, CPU and memory, interleaved, as ratios to HAProxy")
    .option("--rounds <n>", "rounds, in each of which every arm runs once", count, 7)
    .option("--seconds <n>", "of each run", count, 3)
    .option("--warm-up <n>", "seconds before each arm's first run", count, 3)
    .option("--arms <names>", armNames.join(","), listOf(armNames), armNames)
    .option("--case <names>", caseNames.join(","), listOf(caseNames), caseNames)
    .option("--regime <names>", regimes.join(","), listOf(regimes), regimes)
    .option("--baseline <file>", "an earlier result's JSON, to compare ratios with")
    .addOption(outputOption())
    .option("--readme", "write the figures into bench/README.md too")
    .action((options: CompareOptions) => commands.compare(options));
  program
    .command("propagation")
    .description("time from the API's answer to the first request served by the new rule")
    .option("--proxies <n>", "running proxies", count, 20)
    .option("--changes <n>", "weight changes", count, 30)
    .addOption(outputOption())
    .option("--readme", "write the figures into bench/README.md too")
    .action((options: PropagationOptions) => commands.propagation(options));
  await program.parseAsync([...argv], { from: "user" });
}

const outputOption = (): Option =>
  new Option("-o, --output <format>", "what is printed").choices(["text", "json"]).default("text");

function count(text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("expected a whole number from 1 on");
}

function listOf<Name extends string>(known: readonly Name[]) {
  return (text: string): readonly Name[] =>
    text.split(",").map((word) => {
      const found = known.find((name) => name === word);
      if (found === undefined)
        throw new InvalidArgumentError(`"${word}" is none of ${known.join(", ")}`);
      return found;
    });
}
