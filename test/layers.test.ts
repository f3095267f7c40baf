import { expect, test } from "bun:test";
import { dirname, join } from "node:path";
import { Glob } from "bun";

/** Who may import whom; `import type` counts. Each layer lists only layers above it in this table. */
const LAYERS = new Map([
  ["core", ""],
  ["wire", "core"],
  ["config", "core"],
  ["resources", "core"],
  ["net", "core wire"],
  ["http", "core wire net"],
  ["store", "core resources"],
  ["apiserver", "core resources store"],
  ["discovery", "core resources store"],
  ["ca", "core wire"],
  ["compiler", "core resources config"],
  ["xds", "core wire http config"],
  ["proxy", "core wire net http config xds"],
  ["control", "core resources config store apiserver discovery ca compiler xds http"],
  ["cli", "core resources config compiler store apiserver ca control proxy"],
  ["dashboard", "core resources"],
]);
const below = (layer: string): string[] => (LAYERS.get(layer) ?? "").split(" ").filter(Boolean);

const IMPORT = /\b(?:from|import)\s*\(?\s*["']([#.][^"']+)["']/g;

/** From the root of the repository. */
function imported(file: string, specifier: string): string {
  return specifier.startsWith("#")
    ? join("src", specifier.slice(1))
    : join(dirname(file), specifier);
}

function layerOf(file: string, specifier: string): string {
  return imported(file, specifier).split("/")[1] ?? "";
}

test("every folder imports only the layers above it", async () => {
  const forbidden: string[] = [];
  for await (const file of new Glob("src/*/**/*.{ts,tsx}").scan()) {
    const layer = file.split("/")[1] ?? "";
    const allowed = [layer, ...below(layer)];
    for (const [, specifier = ""] of (await Bun.file(file).text()).matchAll(IMPORT)) {
      if (file.includes(".test.") && specifier.includes("/test/support/")) continue;
      if (!allowed.includes(layerOf(file, specifier)))
        forbidden.push(`${file} imports ${specifier}`);
    }
  }
  expect(forbidden).toEqual([]);
});

const IMPURE =
  /from "(bun|node:(?!buffer|crypto)[a-z_/]+)"|\b(Date\.now|Math\.random|performance\.now|setTimeout|setInterval|process\.\w|Bun\.(?!hash)\w)/;

test("the pure layers touch no clock, chance, socket, file or environment", async () => {
  const impure: string[] = [];
  for await (const file of new Glob("src/{wire,config,resources,compiler}/**/*.ts").scan())
    if (!file.includes(".test.") && IMPURE.test(await Bun.file(file).text())) impure.push(file);
  expect(impure).toEqual([]);
});

test("the table has no cycle", () => {
  const names = [...LAYERS.keys()];
  for (const [i, name] of names.entries())
    expect(names.slice(0, i)).toEqual(expect.arrayContaining(below(name)));
});

test("no files import each other in a circle, types included", async () => {
  const imports = new Map<string, readonly string[]>();
  for await (const file of new Glob("src/**/*.{ts,tsx}").scan()) {
    if (file.includes("/generated/")) continue;
    const text = await Bun.file(file).text();
    const found = Array.from(text.matchAll(IMPORT), ([, specifier = ""]) =>
      imported(file, specifier),
    );
    imports.set(file, found);
  }
  expect(circleIn(imports)).toEqual([]);
});

/** The files of one circle, in its order; empty: there is none. */
function circleIn(imports: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const done = new Set<string>();
  const way: string[] = [];
  const follow = (file: string): readonly string[] => {
    const at = way.indexOf(file);
    if (at !== -1) return [...way.slice(at), file];
    if (done.has(file)) return [];
    way.push(file);
    for (const next of imports.get(file) ?? []) {
      const circle = follow(next);
      if (circle.length > 0) return circle;
    }
    way.pop();
    done.add(file);
    return [];
  };
  for (const file of imports.keys()) {
    const circle = follow(file);
    if (circle.length > 0) return circle;
  }
  return [];
}

test("only xds knows the generated messages", async () => {
  const knowing: string[] = [];
  for await (const file of new Glob("src/**/*.ts").scan())
    if (
      !file.startsWith("src/xds/") &&
      /["'/]messages\/generated\//.test(await Bun.file(file).text())
    )
      knowing.push(file);
  expect(knowing).toEqual([]);
});
