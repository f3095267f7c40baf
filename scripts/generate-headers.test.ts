import { expect, test } from "bun:test";
import { headersPage } from "./generate-headers.ts";

test("the reference page of header fields is what the table says", async () => {
  expect(await Bun.file("docs/reference/headers.md").text()).toBe(headersPage());
});
