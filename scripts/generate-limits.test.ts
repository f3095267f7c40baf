import { expect, test } from "bun:test";
import { limitsPage } from "./generate-limits.ts";

test("the reference page of limits is what the table says", async () => {
  expect(await Bun.file("docs/reference/limits.md").text()).toBe(limitsPage());
});
