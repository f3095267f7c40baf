// Runs every shell block of the README, in order, as a reader would: in a fresh copy of the repository, with an empty
// home folder. What a block starts in the background stays until the last block has run.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { type CheckoutCopy, checkoutCopy } from "./support/checkout-copy.ts";
import { type ShellBlock, shellBlocks } from "./support/shell-blocks.ts";
import { runProgram, type Spawned, spawnProgram } from "./support/spawn-weft.ts";

const READY_WITHIN_MS = 60_000;
const BLOCK_LIMIT_MS = 180_000;

const page = await Bun.file(join(import.meta.dir, "../README.md")).text();
const background: { readonly block: ShellBlock; readonly program: Spawned }[] = [];
let copy: CheckoutCopy;

beforeAll(async () => {
  copy = await checkoutCopy();
}, READY_WITHIN_MS);

afterAll(async () => {
  for (const { program } of background.reverse()) await program[Symbol.asyncDispose]();
  await copy[Symbol.asyncDispose]();
}, READY_WITHIN_MS);

for (const block of shellBlocks(page))
  test(`README.md:${block.line} ${title(block)}`, () => runBlock(block), BLOCK_LIMIT_MS);

test("what the README starts in the background is still running at its end", () => {
  const ended = background.filter(({ program }) => program.processes().length === 0);
  expect(ended.map(({ block, program }) => [block.line, program.stderr.text])).toEqual([]);
});

async function runBlock(block: ShellBlock): Promise<void> {
  const command = ["bash", "-euo", "pipefail", "-c", block.script];
  const options = { cwd: copy.path, env: { HOME: copy.home, WEFT_DATA_DIR: "" } };
  if (block.kind === "run") {
    const { exitCode, stdout, stderr } = await runProgram(command, options);
    if (exitCode !== 0) throw new Error(`exit code ${exitCode}\n${stdout}\n${stderr}`);
    return;
  }
  const program = spawnProgram(command, options);
  background.push({ block, program });
  const wanted = new RegExp(RegExp.escape(block.until));
  const lines = [program.stdout, program.stderr].map((out) => out.line(wanted, READY_WITHIN_MS));
  await Promise.any(lines).catch((cause: AggregateError) => {
    throw new Error(cause.errors.map(String).join("\n"));
  });
}

/** The first command of a block. */
function title(block: ShellBlock): string {
  const lines = block.script.split("\n");
  return lines.find((line) => line.trim() !== "" && !line.startsWith("#")) ?? "";
}
