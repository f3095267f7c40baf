import { describe, expect, test } from "bun:test";
import { appendFile, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { CaError } from "../ca-error.ts";
import { openFileLedger } from "./file-ledger.ts";

const NOW = Date.UTC(2026, 2, 1);
const HOUR_MS = 3600_000;
const clockAt = (nowMs: number) => ({ wallMs: () => nowMs, monotonicMs: () => 0 });
const use = (tokenId: string, publicKeyHash: string, usesMax = 1) => ({
  tokenId,
  publicKeyHash,
  usesMax,
  expiresAtMs: NOW + HOUR_MS,
});

describe("the ledger of redemptions", () => {
  test("knows after a restart what it acknowledged, and only its owner reads it", async () => {
    await using dir = await tempDir();
    const path = join(dir.path, "ca", "redemptions");
    {
      await using ledger = await openFileLedger(path, clockAt(NOW));
      expect(await ledger.redeem(use("t", "a", 2))).toBe(true);
      expect(await ledger.redeem(use("t", "b", 2))).toBe(true);
    }
    await using ledger = await openFileLedger(path, clockAt(NOW));
    expect(await ledger.redeem(use("t", "a", 2))).toBe(true);
    expect(await ledger.redeem(use("t", "c", 2))).toBe(false);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test("drops a last line that was never finished, and goes on after it", async () => {
    await using dir = await tempDir();
    const path = join(dir.path, "redemptions");
    {
      await using ledger = await openFileLedger(path, clockAt(NOW));
      await ledger.redeem(use("t", "a"));
    }
    await appendFile(path, '["u","b",17');
    {
      await using ledger = await openFileLedger(path, clockAt(NOW));
      expect(await ledger.redeem(use("u", "c"))).toBe(true);
    }
    await using ledger = await openFileLedger(path, clockAt(NOW));
    expect(await ledger.redeem(use("t", "b"))).toBe(false);
    expect(await ledger.redeem(use("u", "b"))).toBe(false);
  });

  test("refuses to open when it is damaged, and leaves the file as it was", async () => {
    await using dir = await tempDir();
    const path = join(dir.path, "redemptions");
    const good = `["t","a",${NOW}]\n`;
    for (const bad of ["{}\n", "[1,2,3]\n", '["t","a"]\n', "\n", "\0\0\0\0\n", "nonsense\n"]) {
      await writeFile(path, good + bad + good);
      const error = await openFileLedger(path, clockAt(NOW)).catch((cause: unknown) => cause);
      expect(error).toBeInstanceOf(CaError);
      expect((error as CaError).message).toContain("line 2");
      expect(await readFile(path, "utf8")).toBe(good + bad + good);
    }
  });

  test("forgets a token a day after its end", async () => {
    await using dir = await tempDir();
    const path = join(dir.path, "redemptions");
    {
      await using ledger = await openFileLedger(path, clockAt(NOW));
      await ledger.redeem(use("t", "a"));
    }
    await (await openFileLedger(path, clockAt(NOW + 24 * HOUR_MS)))[Symbol.asyncDispose]();
    expect(await readFile(path, "utf8")).not.toBe("");
    await (await openFileLedger(path, clockAt(NOW + 26 * HOUR_MS)))[Symbol.asyncDispose]();
    expect(await readFile(path, "utf8")).toBe("");
  });
});
