import { expect, test } from "bun:test";
import { join } from "node:path";
import { tempDir } from "../../test/support/temp-dir.ts";
import { commandToPaste, ownWord } from "./own-word.ts";

test("in its own clone Weft is called by its path, elsewhere by its name", async () => {
  await using elsewhere = await tempDir();
  expect(ownWord(join(import.meta.dir, "../.."))).toBe("./weft");
  expect(ownWord(elsewhere.path)).toBe("weft");
});

test("a command to paste names a data directory that is not the usual one", () => {
  expect(commandToPaste("run", "/usual", "/usual")).toEndWith("weft run");
  expect(commandToPaste("run", "/other", "/usual")).toEndWith("weft run --data-dir /other");
});
