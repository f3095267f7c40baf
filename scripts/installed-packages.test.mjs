import { afterAll, expect, test } from "bun:test";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { packageFinder, packagesAreInstalled } from "./installed-packages.mjs";

const a = { version: "1.0.0", integrity: "sha512-a" };
const elsewhere = { version: "1.0.0", integrity: "sha512-b", optional: true };

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "weft-installed-"));
afterAll(() => fs.rmSync(scratch, { recursive: true }));

function checkout(locked, installed) {
  const root = fs.mkdtempSync(path.join(scratch, "root-"));
  const write = (file, value) => {
    fs.mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    fs.writeFileSync(path.join(root, file), JSON.stringify(value));
  };
  write("package-lock.json", { packages: { "": {}, ...locked } });
  if (installed !== undefined) write("node_modules/.package-lock.json", { packages: installed });
  for (const place of Object.keys(installed ?? {})) write(`${place}/package.json`, {});
  return root;
}

test("what the lock file says is installed when each package is there in its version", () => {
  const locked = { "node_modules/a": a, "node_modules/b": elsewhere };
  expect(packagesAreInstalled(checkout(locked, { "node_modules/a": a }))).toBe(true);
});

test("a missing package, another version and other content are not installed", () => {
  const locked = { "node_modules/a": a };
  expect(packagesAreInstalled(checkout(locked, {}))).toBe(false);
  for (const other of [{ version: "1.0.1" }, { integrity: "sha512-x" }])
    expect(packagesAreInstalled(checkout(locked, { "node_modules/a": { ...a, ...other } }))).toBe(
      false,
    );
});

test("an install that was cut off is not installed: npm writes its list last", () => {
  expect(packagesAreInstalled(checkout({ "node_modules/a": a }, undefined))).toBe(false);
});

test("a folder removed by hand is noticed", () => {
  const root = checkout({ "node_modules/a": a }, { "node_modules/a": a });
  fs.rmSync(path.join(root, "node_modules/a"), { recursive: true });
  expect(packagesAreInstalled(root)).toBe(false);
});

test("a package is found beside or above", () => {
  const root = checkout({}, { "node_modules/a": a, "node_modules/weft": a });
  const find = packageFinder(path.join(root, "node_modules/weft"));
  expect(find("a")).toBe(path.join(root, "node_modules/a"));
  expect(find("no-such-package-anywhere")).toBeUndefined();
});
