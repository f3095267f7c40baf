import { expect, test } from "bun:test";
import { errorsPage } from "./generate-errors.ts";

test("the reference page of errors is what the table says", async () => {
  expect(await Bun.file("docs/reference/errors.md").text()).toBe(errorsPage());
});
