import { expect, test } from "bun:test";
import { withEngineOptions } from "./engine-options.ts";

test("the engine knows every setting, and none is its default already", () => {
  const env = withEngineOptions({ BUN_JSC_dumpOptions: "1" });
  const run = Bun.spawnSync([process.execPath, "-e", "0"], { env: { ...env } });
  const told = `${run.stdout}${run.stderr}`;
  for (const [name, value] of Object.entries(withEngineOptions({})))
    expect(told).toContain(`${name.slice("BUN_JSC_".length)}=${value} (default`);
});

test("what the user has set stays", () => {
  const { BUN_JSC_largeHeapSize, PATH } = withEngineOptions({
    BUN_JSC_largeHeapSize: "1",
    PATH: "/bin",
  });
  expect([BUN_JSC_largeHeapSize, PATH]).toEqual(["1", "/bin"]);
});
