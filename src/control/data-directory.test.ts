import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tempDir } from "../../test/support/temp-dir.ts";
import { openDataDirectory, UnusableDataDirectory } from "./data-directory.ts";

const modeOf = (path: string): number => statSync(path).mode & 0o777;

describe("a data directory", () => {
  test("that is missing is made for its owner alone", async () => {
    await using dir = await tempDir();
    const path = join(dir.path, "deep", "data");
    openDataDirectory(path);
    expect(modeOf(path)).toBe(0o700);
  });

  test.each([
    ["that is empty", () => undefined],
    ["that is ours", (path: string) => writeFileSync(join(path, "store"), "")],
  ])("%s is closed to others", async (_, fill) => {
    await using dir = await tempDir();
    fill(dir.path);
    chmodSync(dir.path, 0o755);
    openDataDirectory(dir.path);
    expect(modeOf(dir.path)).toBe(0o700);
  });

  test("with somebody's files in it is refused, and stays as it is", async () => {
    await using dir = await tempDir();
    mkdirSync(join(dir.path, "photos"));
    chmodSync(dir.path, 0o755);
    expect(() => openDataDirectory(dir.path)).toThrow(UnusableDataDirectory);
    expect(() => openDataDirectory(dir.path)).toThrow("photos");
    expect(modeOf(dir.path)).toBe(0o755);
  });

  test.each(["/proc/self/no-such-place", "/etc/hostname", "/etc/hostname/data"])(
    "cannot be %s",
    (path) => {
      expect(() => openDataDirectory(path)).toThrow(UnusableDataDirectory);
    },
  );
});
