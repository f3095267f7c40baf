// The pages at the root describe files, packages and layers that change under them. What can be compared, is.
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { Glob } from "bun";
import manifest from "../package.json";

const root = join(import.meta.dir, "..");
const read = (page: string): Promise<string> => Bun.file(join(root, page)).text();
const pages = [
  ...new Glob("*.md").scanSync(root),
  ...new Glob("{docs,examples,bench}/**/*.md").scanSync(root),
];

test.each(pages)("%s names only files that exist", async (page) => {
  const text = await read(page);
  const named = [...text.matchAll(/`((?:src|test|scripts|docs|examples|bench)\/[^`\s*<…]+)`/g)];
  const missing = named.flatMap(([, path = ""]) => (isThere(path) ? [] : [path]));
  expect(missing).toEqual([]);
});

/** Generated code and results are there only after a set-up or a run, and are named without being shown. */
const made = ["src/xds/messages/generated", "bench/results"];

function isThere(path: string): boolean {
  return made.some((folder) => path.startsWith(folder)) || existsSync(join(root, path));
}

test.each(pages)("every relative link of %s leads somewhere", async (page) => {
  const links = [...(await read(page)).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)];
  const broken = links.flatMap(([, target = ""]) =>
    existsSync(join(root, dirname(page), target)) ? [] : [target],
  );
  expect(broken).toEqual([]);
});

test("the page of dependencies lists what package.json lists, in the same versions", async () => {
  const page = await read("docs/decisions/0002-dependencies.md");
  const rows = [...page.matchAll(/^\| `([^`]+)` \| (\S+) \|/gm)].map(([, name, version]) => [
    name,
    version,
  ]);
  const wanted = { ...manifest.dependencies, ...manifest.devDependencies };
  expect(Object.fromEntries(rows)).toEqual(wanted);
});

test("the layers of ARCHITECTURE.md are those of the test", async () => {
  const rows = [
    ...(await read("ARCHITECTURE.md")).matchAll(/^\| `(\w+)` \| [^|]+ \| ([^|]+) \|$/gm),
  ];
  const documented = rows.map(([, layer, below = ""]) => [layer, below.replaceAll("`", "")]);
  const test = await read("test/layers.test.ts");
  const enforced = [...test.matchAll(/^ {2}\["(\w+)", "([^"]*)"\],$/gm)];
  expect(documented).toEqual(enforced.map(([, layer, below]) => [layer, below || "nothing"]));
});
