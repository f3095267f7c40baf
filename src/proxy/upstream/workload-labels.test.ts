import { expect, test } from "bun:test";
import { workloadLabels } from "./workload-labels.ts";

const workload = {
  name: "a-1",
  namespace: "shop",
  app: "",
  version: "",
  canonicalName: "a",
  canonicalRevision: "latest",
};

test("what nobody said of a workload is unknown, and never empty", () => {
  const labels = workloadLabels(workload, undefined);
  expect(labels).toMatchObject({ version: "unknown", app: "unknown", principal: "unknown" });
  expect(Object.values(workloadLabels(undefined, "spiffe://a/b"))).not.toContain("");
});
