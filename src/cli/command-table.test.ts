import { expect, test } from "bun:test";
import { join } from "node:path";
import { Glob } from "bun";
import { commandTable } from "./command-table.ts";
import { takeEnvironment } from "./environment.ts";
import { loadCommand, parserOf } from "./run-command.ts";

const environment = takeEnvironment({}, "1.0.0");

test("every file in commands is in the table, and the other way round", () => {
  const files = [...new Glob("*.ts").scanSync(join(import.meta.dir, "commands"))]
    .filter((file) => !file.endsWith(".test.ts"))
    .map((file) => file.replace(/\.ts$/, ""));
  expect(files.sort()).toEqual(commandTable.map((entry) => entry.name).sort());
});

test.each(commandTable.map((entry) => [entry.name, entry] as const))(
  "the help of %s has a summary, says what each option is for, and gives examples",
  async (name, entry) => {
    const parser = await parserOf(entry, await loadCommand(entry), environment);
    let help = "";
    parser.configureOutput({ writeOut: (text) => (help += text) });
    parser.outputHelp();
    expect(help).toContain(`weft ${name}`);
    expect(help).toContain(entry.summary);
    expect(help).toMatch(/\nExamples:\n {2}\S/);
    expect(parser.options.filter((option) => option.description === "")).toEqual([]);
  },
);
