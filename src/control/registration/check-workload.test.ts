import { describe, expect, test } from "bun:test";
import type { Workload } from "#config/workload.ts";
import { workloadProblem } from "./check-workload.ts";
import { workloadEntry } from "./workload-objects.ts";

const web: Workload = {
  namespace: "shop",
  name: "web-1",
  app: "web",
  serviceAccount: "web",
  labels: { app: "web", version: "v1" },
  inbound: [{ workloadPort: 8080, address: { host: "127.0.0.1", port: 40_000 } }],
  outbound: [],
  admin: { host: "127.0.0.1", port: 1 },
  version: "test",
};

describe("a proxy stands for a workload", () => {
  test("whose name is free, or was its own", () => {
    expect(workloadProblem(web, undefined)).toBeUndefined();
    expect(workloadProblem(web, workloadEntry(web))).toBeUndefined();
  });

  test("but not for one of another account", () => {
    const problem = workloadProblem({ ...web, serviceAccount: "guest" }, workloadEntry(web));
    expect(problem).toMatchObject({ code: "permission-denied" });
    expect(problem?.reason).toContain("shop/web-1 is one of another service account, web");
  });

  test("and not in the place of an entry that a person wrote", () => {
    const { metadata, ...entry } = workloadEntry(web);
    const problem = workloadProblem(web, { ...entry, metadata: { ...metadata, labels: {} } });
    expect(problem).toMatchObject({ code: "permission-denied" });
  });

  test.each([
    ["metadata.name", { name: "../web" }],
    ["metadata.name", { name: "a".repeat(254) }],
    ["metadata.labels", { labels: { version: "\x1b[2J" } }],
    ["metadata.labels", { labels: { "no key": "v1" } }],
    ["metadata.name", { app: "web.other" }],
    ["spec.address", { inbound: [{ workloadPort: 1, address: { host: "no host", port: 1 } }] }],
  ])("and not when its %s could not be stored", (path, changed: Partial<Workload>) => {
    const problem = workloadProblem({ ...web, ...changed }, undefined);
    expect(problem).toMatchObject({ code: "invalid-argument" });
    expect(problem?.reason).toContain(path);
  });
});
