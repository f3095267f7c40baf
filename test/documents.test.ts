// Pages describe files, packages, layers, commands and errors that change under them. What can be compared, is.
import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { Glob } from "bun";
import manifest from "../package.json";
import { findCommand } from "../src/cli/command-table.ts";
import { type ProxyFailureCode, proxyFailures } from "../src/core/errors/proxy-failures.ts";
import { shellBlocks } from "./support/shell-blocks.ts";

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

describe.each(pages)("what %s says of the code:", (page) => {
  test("every command that it names exists", async () => {
    const named = [...(await read(page)).matchAll(/`(?:\.\/)?weft ([a-z][a-z-]*)/g)];
    const unknown = named.flatMap(([, name = ""]) => (findCommand(name) ? [] : [name]));
    expect(unknown).toEqual([]);
  });

  test("every error has the status that it is shown with", async () => {
    const shown = [...(await read(page)).matchAll(/\b([1-5]\d\d) `([a-z]+(?:-[a-z]+)+)`/g)];
    const wrong = shown.flatMap(([text, status, code = ""]) =>
      isFailure(code) && proxyFailures[code].status === Number(status) ? [] : [text],
    );
    expect(wrong).toEqual([]);
  });

  test("its shell blocks are of a kind that is run", async () => {
    const text = await read(page);
    expect(() => shellBlocks(text)).not.toThrow();
  });
});

const isFailure = (code: string): code is ProxyFailureCode => Object.hasOwn(proxyFailures, code);

test("the index of the documentation leads to every page", async () => {
  const index = await read("docs/README.md");
  const found = [...new Glob("docs/{guide,reference}/*.md").scanSync(root)].sort();
  expect(found.filter((page) => !index.includes(`(${page.slice("docs/".length)})`))).toEqual([]);
});

test("decisions are numbered in a row, and each says problem, decision and consequences", async () => {
  const found = [...new Glob("docs/decisions/*.md").scanSync(root)].sort();
  for (const [at, page] of found.entries()) {
    const text = await read(page);
    expect(page).toStartWith(`docs/decisions/${String(at + 1).padStart(4, "0")}-`);
    expect(text).toStartWith(`# ${at + 1}. `);
    const headings = [...text.matchAll(/^## (.*)$/gm)].map(([, title]) => title);
    expect(headings).toEqual(expect.arrayContaining(["Problem", "Decision", "Consequences"]));
  }
});

test("every check of `weft check` has its heading, and every heading its check", async () => {
  const headings = [...(await read("docs/reference/checks.md")).matchAll(/^## (.+)$/gm)];
  const checks: string[] = [];
  for await (const file of new Glob("src/cli/check/*.ts").scan(root))
    for (const [, id = ""] of (await read(file)).matchAll(/\bfinding\(\s*"([a-z-]+)"/g))
      checks.push(id);
  expect(headings.map(([, id]) => id).sort()).toEqual(checks.sort());
});
