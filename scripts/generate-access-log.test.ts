import { expect, test } from "bun:test";
import { accessLogPage } from "./generate-access-log.ts";

test("the reference page of the access log has the keys of a line; otherwise run scripts/generate-access-log.ts", async () => {
  expect(await Bun.file("docs/reference/access-log.md").text()).toBe(accessLogPage());
});
