import { expect, test } from "bun:test";
import { shellBlocks } from "./shell-blocks.ts";

const page = (...lines: string[]) => lines.join("\n");

test("sh blocks are found with their lines; other languages are left alone", () => {
  const markdown = page("# x", "```sh", "a", "b", "```", "```text", "c", "```", "```yaml", "```");
  expect(shellBlocks(markdown)).toEqual([{ kind: "run", line: 2, script: "a\nb" }]);
});

test("a background block says what it waits for", () => {
  const markdown = page('```sh background until "ready on"', "serve", "```");
  expect(shellBlocks(markdown)).toEqual([
    { kind: "background", line: 1, script: "serve", until: "ready on" },
  ]);
});

test("a longer fence may hold a shorter one", () => {
  expect(shellBlocks(page("````md", "```sh", "a", "```", "````"))).toEqual([]);
});

test("a slip in the first line of a block is an error, not an unchecked block", () => {
  for (const info of ["sh backgroud", "bash", "sh skip", "console", "sh background"])
    expect(() => shellBlocks(page(`\`\`\`${info}`, "a", "```"))).toThrow("line 1");
  expect(() => shellBlocks(page("", "```sh", "a"))).toThrow("line 2: the fence is never closed");
});
