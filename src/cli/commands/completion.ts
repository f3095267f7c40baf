import { Argument } from "commander";
import type { Command } from "../command.ts";
import { completionScripts } from "../completion/scripts.ts";
import { completionWords } from "../completion/words.ts";

const EXAMPLES = `
Examples:
  bash:  weft completion bash > ~/.local/share/bash-completion/completions/weft
  zsh:   weft completion zsh > "\${fpath[1]}/_weft"
  fish:  weft completion fish > ~/.config/fish/completions/weft.fish`;

export const command: Command = {
  configure(parser, environment) {
    const shell = new Argument("<shell>", "the shell").choices(["bash", "zsh", "fish"]);
    parser
      .addArgument(shell)
      .addHelpText("after", EXAMPLES)
      .action((name: keyof typeof completionScripts) => {
        process.stdout.write(completionScripts[name]);
      });
    // What the scripts call at every press of the key: the words typed so far, the last one unfinished.
    parser
      .command("words", { hidden: true })
      .argument("[typed...]")
      .allowUnknownOption()
      .helpOption(false)
      .action(async (typed: readonly string[]) => {
        const words = await completionWords(typed, environment);
        process.stdout.write(words.map((word) => `${word}\n`).join(""));
      });
  },
};
