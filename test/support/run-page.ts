import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { type CheckoutCopy, checkoutCopy } from "./checkout-copy.ts";
import { type OwnNetwork, ownNetwork } from "./own-network.ts";
import { type ShellBlock, shellBlocks } from "./shell-blocks.ts";
import { endInGoodOrder, runProgram, type Spawned, spawnProgram } from "./spawn-weft.ts";

const READY_WITHIN_MS = 60_000;
const BLOCK_LIMIT_MS = 180_000;
const root = join(import.meta.dir, "../..");

/**
 * Registers a test per shell block of a page. They run in order, as a reader would run them: in a fresh copy of the
 * repository, with an empty home folder. What a block starts in the background stays until the last block has run.
 */
export async function testPage(page: string): Promise<void> {
  const blocks = shellBlocks(await Bun.file(join(root, page)).text());
  if (blocks.length === 0) return;
  describe(page, () => {
    const reader = new Reader();
    beforeAll(() => reader.sitDown(), READY_WITHIN_MS);
    afterAll(() => reader.leave(), READY_WITHIN_MS);
    for (const block of blocks)
      test(`line ${block.line}: ${title(block)}`, () => reader.run(block), BLOCK_LIMIT_MS);
    test("what it starts in the background is still running at its end", () => {
      expect(reader.ended()).toEqual([]);
    });
  });
}

class Reader {
  readonly #background: { readonly block: ShellBlock; readonly program: Spawned }[] = [];
  #copy: CheckoutCopy | undefined;
  #network: OwnNetwork | undefined;

  async sitDown(): Promise<void> {
    this.#copy = await checkoutCopy();
    this.#network = await ownNetwork();
  }

  async leave(): Promise<void> {
    for (const { program } of this.#background.reverse()) await endInGoodOrder(program);
    await this.#network?.[Symbol.asyncDispose]();
    await this.#copy?.[Symbol.asyncDispose]();
  }

  async run(block: ShellBlock): Promise<void> {
    if (this.#copy === undefined || this.#network === undefined) throw new Error("not ready");
    const bash = ["bash", "-euo", "pipefail", "-c", block.script];
    const command = [...this.#network.prefix, ...bash];
    const options = { cwd: this.#copy.path, env: { HOME: this.#copy.home, WEFT_DATA_DIR: "" } };
    if (block.kind === "run") {
      const { exitCode, stdout, stderr } = await runProgram(command, options);
      if (exitCode !== 0) throw new Error(`exit code ${exitCode}\n${stdout}\n${stderr}`);
      return;
    }
    const program = spawnProgram(command, options);
    this.#background.push({ block, program });
    const wanted = new RegExp(RegExp.escape(block.until));
    const lines = [program.stdout, program.stderr].map((out) => out.line(wanted, READY_WITHIN_MS));
    await Promise.any(lines).catch((cause: AggregateError) => {
      throw new Error(cause.errors.map(String).join("\n"));
    });
  }

  /** Background blocks that have ended, with what they said. */
  ended(): readonly (readonly [line: number, said: string])[] {
    return this.#background
      .filter(({ program }) => program.processes().length === 0)
      .map(({ block, program }) => [block.line, program.stderr.text]);
  }
}

/** The first command of a block. */
function title(block: ShellBlock): string {
  const lines = block.script.split("\n");
  return lines.find((line) => line.trim() !== "" && !line.startsWith("#")) ?? "";
}
