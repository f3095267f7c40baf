import { expect, test } from "bun:test";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { freshProxyProgram } from "./proxy-program.ts";

/** A package whose proxy prints a word from another file. */
function writePackage(root: string, word: string): void {
  const files = {
    "package.json": '{ "type": "module", "imports": { "#*": "./src/*" } }',
    "tsconfig.json": "{}",
    "src/cli/run/proxy-entry.ts": 'import { word } from "#proxy/word.ts";\nconsole.log(word);\n',
    "src/proxy/word.ts": `export const word: string = "${word}";\n`,
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
}

const output = (program: string | undefined) =>
  Bun.spawnSync([process.execPath, program ?? "none"]).stdout.toString();

test("an edit of any file that went in makes a new program, whatever its time says", async () => {
  await using dir = await tempDir();
  writePackage(dir.path, "one");
  const first = freshProxyProgram({ root: dir.path });
  expect(output(first)).toBe("one\n");
  const edited = join(dir.path, "src/proxy/word.ts");
  const { atime, mtime } = statSync(edited);
  writeFileSync(edited, 'export const word: string = "two";\n');
  utimesSync(edited, atime, mtime);
  const second = freshProxyProgram({ root: dir.path });
  expect(output(second)).toBe("two\n");
  expect(output(first)).toBe("one\n"); // a supervisor may be about to start it
});

test("a program whose files are what they were is used as it is", async () => {
  await using dir = await tempDir();
  writePackage(dir.path, "one");
  const first = freshProxyProgram({ root: dir.path });
  const madeAt = statSync(first ?? "").mtimeMs;
  writePackage(dir.path, "one");
  expect(freshProxyProgram({ root: dir.path })).toBe(first ?? "none");
  expect(statSync(first ?? "").mtimeMs).toBe(madeAt);
  expect(readdirSync(join(dir.path, ".generated/proxy"))).toHaveLength(2);
});

test("a program that is gone, or a damaged record of it, is made anew", async () => {
  await using dir = await tempDir();
  writePackage(dir.path, "one");
  const program = freshProxyProgram({ root: dir.path });
  rmSync(program ?? "");
  expect(output(freshProxyProgram({ root: dir.path }))).toBe("one\n");
  writeFileSync(join(dir.path, ".generated/proxy/bundle.json"), '{"program":"..');
  expect(output(freshProxyProgram({ root: dir.path }))).toBe("one\n");
});

test("sources that cannot be bundled, and a folder that cannot be written, give none", async () => {
  await using dir = await tempDir();
  writePackage(dir.path, "one");
  const folder = join(dir.path, "tsconfig.json", "proxy"); // below a file
  expect(freshProxyProgram({ root: dir.path, folder })).toBeUndefined();
  writeFileSync(join(dir.path, "src/proxy/word.ts"), "export const = ;\n");
  expect(freshProxyProgram({ root: dir.path })).toBeUndefined();
});

test("the record names what a proxy is made of, and nothing outside the package", async () => {
  await using dir = await tempDir();
  freshProxyProgram({ folder: dir.path });
  const record = JSON.parse(readFileSync(join(dir.path, "bundle.json"), "utf8"));
  for (const input of ["src/proxy/start-proxy.ts", "src/net/libc.ts", "src/wire/http1/head.ts"])
    expect(record.inputs).toContain(input);
  for (const input of record.inputs)
    expect(input).toMatch(/^(src\/.+\.ts|package\.json|tsconfig\.json)$/);
});

test("a proxy loads these modules of the runtime and no other", async () => {
  await using dir = await tempDir();
  const program = readFileSync(freshProxyProgram({ folder: dir.path }) ?? "none", "utf8");
  const imports = new Bun.Transpiler({ loader: "js" }).scanImports(program);
  // Each costs memory in every proxy: node:http2 alone a megabyte and a half.
  expect([...new Set(imports.map(({ path }) => path))].sort()).toEqual([
    "@bufbuild/protobuf/wire",
    "buffer",
    "bun:ffi",
    "crypto",
    "dns/promises",
    "fs",
    "net",
    "os",
    "path",
    "tls",
    "util",
  ]);
});
