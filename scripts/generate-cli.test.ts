import { expect, test } from "bun:test";
import { cliPage } from "./generate-cli.ts";

test("the reference page of commands is what they say of themselves; otherwise run scripts/generate-cli.ts", async () => {
  expect(await Bun.file("docs/reference/cli.md").text()).toBe(await cliPage());
});
