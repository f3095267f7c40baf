import { Option } from "commander";
import type { Command } from "../command.ts";

export const command: Command = {
  configure(parser, { version }) {
    parser
      .addOption(
        new Option("-o, --output <format>", "output format")
          .choices(["text", "json"])
          .default("text"),
      )
      .addHelpText("after", "\nExamples:\n  weft version\n  weft version -o json")
      .action((options: { readonly output: "text" | "json" }) => {
        const facts = {
          version,
          bun: Bun.version,
          platform: `${process.platform}-${process.arch}`,
        };
        const text = `weft ${facts.version} (Bun ${facts.bun}, ${facts.platform})`;
        process.stdout.write(`${options.output === "json" ? JSON.stringify(facts) : text}\n`);
      });
  },
};
