// What a command of the bench is. A new one is a file beside this one and a line in `command-table.ts`.
import type { Command, OptionValues } from "commander";
import type { Lab } from "../lab/lab.ts";

export interface BenchContext {
  /** Owns every process and file of the run; Ctrl-C ends it. */
  readonly lab: Lab;
  /** Progress, on standard error. */
  say(line: string): void;
}

export interface Report {
  /** For a terminal; ends with a line break. */
  readonly text: string;
  /** For `-o json` and the saved file. */
  readonly json: unknown;
  /** What `--readme` writes between `<!-- figures: NAME -->` and `<!-- end: NAME -->` of bench/README.md. */
  readonly markdown: string;
  /** Why the figures are worth nothing, or what did not hold: the bench says it and exits with 1. */
  readonly failure?: string;
}

export interface BenchDefinition<Options> {
  readonly name: string;
  /** One line, without a full stop. */
  readonly summary: string;
  /** Command lines behind `npm run bench -- `. */
  readonly examples: readonly string[];
  /** Adds its own; `-o` and `--readme` are every command's. */
  options(command: Command): void;
  /** Throws when a part does not start or does not work. */
  run(context: BenchContext, options: Options): Promise<Report>;
}

/** A definition whose options commander has read. */
export interface BenchCommand extends Omit<BenchDefinition<unknown>, "run"> {
  run(context: BenchContext, options: OptionValues): Promise<Report>;
}

export function defineBench<Options>(definition: BenchDefinition<Options>): BenchCommand {
  const { name, summary, examples } = definition;
  return {
    ...{ name, summary, examples },
    options: (command) => definition.options(command),
    run: (context, options) => definition.run(context, options as Options),
  };
}
