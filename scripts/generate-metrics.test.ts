import { expect, test } from "bun:test";
import { metricsPage } from "./generate-metrics.ts";

test("the reference page of metrics has what is exposed; otherwise run scripts/generate-metrics.ts", async () => {
  expect(await Bun.file("docs/reference/metrics.md").text()).toBe(await metricsPage());
});
