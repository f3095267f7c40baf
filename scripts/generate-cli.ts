import { type CommandEntry, commandTable } from "#cli/command-table.ts";
import type { Environment } from "#cli/environment.ts";
import { helpText } from "#cli/help-text.ts";
import { loadCommand, parserOf } from "#cli/run-command.ts";
import manifest from "../package.json";

/** A machine without settings of its own: defaults appear as they are documented. */
const environment: Environment = {
  version: manifest.version,
  dataDir: "~/.weft",
  userProxy: {},
};

type Parser = Awaited<ReturnType<typeof parserOf>>;

/** The text of `docs/reference/cli.md`: what the commands say of themselves. */
export async function cliPage(): Promise<string> {
  const sections = await Promise.all(commandTable.map(sectionOf));
  return [
    "# Commands",
    "",
    "Generated from the commands' own help by `scripts/generate-cli.ts`; do not edit.",
    "",
    "`WEFT_DATA_DIR` stands for `--data-dir` where that is not given. Standard output carries results only; everything else",
    "goes to standard error.",
    "",
    block(helpText()),
  ]
    .join("\n")
    .concat(sections.join(""));
}

async function sectionOf(entry: CommandEntry): Promise<string> {
  const parser = await parserOf(entry, await loadCommand(entry), environment);
  const own = `\n## weft ${entry.name}\n\n${block(helpOf(parser))}`;
  const children = visibleChildren(parser).map((child) => {
    const title = `${entry.name} ${child.name()}`;
    return `\n### weft ${title}\n\n${block(helpOf(child))}`;
  });
  return [own, ...children].join("");
}

/** Sub-commands that help lists; `help` itself is none of ours. */
function visibleChildren(parser: Parser): readonly Parser[] {
  return parser
    .createHelp()
    .visibleCommands(parser)
    .filter((child) => child.name() !== "help");
}

/** With the examples, which commander adds only when it prints. */
function helpOf(parser: Parser): string {
  let text = "";
  parser.configureOutput({
    writeOut: (part) => {
      text += part;
    },
    getOutHelpWidth: () => 100,
    getOutHasColors: () => false,
  });
  parser.outputHelp();
  return text;
}

const block = (text: string): string => `\`\`\`text\n${text.trim()}\n\`\`\`\n`;

if (import.meta.main) await Bun.write("docs/reference/cli.md", await cliPage());
