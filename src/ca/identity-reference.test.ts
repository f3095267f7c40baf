import { expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { spiffeErrors } from "#core/spiffe/spiffe-error.ts";
import { caErrors } from "./ca-error.ts";

const page = await readFile(new URL("../../docs/reference/identity.md", import.meta.url), "utf8");

function sectionOf(name: string): string {
  const head = `<!-- ${name}: kept in step with the code by a test -->\n`;
  const start = page.indexOf(head);
  return start < 0 ? "" : page.slice(start + head.length, page.indexOf("<!-- end -->", start));
}

test("the reference page lists every reason to refuse a certificate", () => {
  const rows = Object.entries(spiffeErrors).map(
    ([code, { fault, meaning }]) => `| \`${code}\` | ${fault} | ${meaning} |\n`,
  );
  expect(sectionOf("spiffe errors")).toBe(
    `| code | fault | meaning |\n|---|---|---|\n${rows.join("")}`,
  );
});

test("the reference page lists every answer of the CA that is not a certificate", () => {
  const rows = Object.entries(caErrors).map(
    ([code, { status, meaning }]) => `| \`${code}\` | \`${status}\` | ${meaning} |\n`,
  );
  expect(sectionOf("ca errors")).toBe(
    `| code | gRPC status | meaning |\n|---|---|---|\n${rows.join("")}`,
  );
});
