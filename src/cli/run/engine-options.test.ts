import { expect, test } from "bun:test";
import { withEngineOptions } from "./engine-options.ts";

/** What a process says of its settings that starts with these variables. */
function told(environment: Readonly<Record<string, string | undefined>>): string {
  const run = Bun.spawnSync([process.execPath, "-e", "0"], { env: { ...environment } });
  return `${run.stdout}${run.stderr}`;
}

const settings = Object.entries(withEngineOptions({}));

test("the engine knows every setting, and none is its default already", () => {
  const engine = told(withEngineOptions({ BUN_JSC_dumpOptions: "1" }));
  for (const [name, value] of settings.filter(([name]) => name.startsWith("BUN_JSC_")))
    expect(engine).toContain(`${name.slice("BUN_JSC_".length)}=${value} (default`);
});

test("so does its allocator", () => {
  const usual = told({ MIMALLOC_VERBOSE: "1" });
  const set = told(withEngineOptions({ MIMALLOC_VERBOSE: "1" }));
  const options = settings.filter(([name]) => name.startsWith("MIMALLOC_"));
  expect(options.length).toBeGreaterThan(0);
  for (const [name, value] of options) {
    const line = `option '${name.slice("MIMALLOC_".length).toLowerCase()}': ${value} `;
    expect(set).toContain(line);
    expect(usual).not.toContain(line);
  }
});

test("what the user has set stays", () => {
  const { BUN_JSC_largeHeapSize, PATH } = withEngineOptions({
    BUN_JSC_largeHeapSize: "1",
    PATH: "/bin",
  });
  expect([BUN_JSC_largeHeapSize, PATH]).toEqual(["1", "/bin"]);
});
