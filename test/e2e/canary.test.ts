import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Caller, startCaller } from "../support/caller.ts";
import { eventually, eventuallyHolds } from "../support/eventually.ts";
import { type Mesh, startMesh } from "../support/mesh.ts";
import { hasEnded } from "../support/process-tree.ts";
import { startServer } from "../support/server.ts";

const folder = join(import.meta.dir, "yaml");
const charge = "http://payments:9090/charge";
const post = { method: "POST" } as const;
const canary = { ...post, headers: { "x-canary": "true" } } as const;

let mesh: Mesh;
let web: Caller;
let failFile: string;

beforeAll(async () => {
  mesh = await startMesh();
  failFile = join(mesh.dataDir, "payments-b-fails");
  const payments = { name: "payments", servicePort: 9090 };
  [web] = await Promise.all([
    startCaller(mesh, ["--name", "web", "-n", "shop"]),
    startServer(mesh, { ...payments, version: "v1", calls: "a" }),
    startServer(mesh, { ...payments, version: "v1", calls: "b", failFile }),
    startServer(mesh, { ...payments, version: "v2", calls: "c" }),
  ]);
  const applied = await mesh.kubectl(["apply", "-f", join(folder, "canary")]);
  expect(applied).toMatchObject({ exitCode: 0, stderr: "" });
  await eventuallyHolds(async () => {
    const { names, statuses } = await web.many(charge, 60, post);
    expect(Object.keys(statuses)).toEqual(["200"]);
    expect(Object.keys(names).sort()).toEqual(["a", "b", "c"]);
    const wrong = await web.call("http://payments:9090/other", post);
    expect(wrong.status).toBe(403);
  });
}, 60_000);

afterAll(() => mesh?.[Symbol.asyncDispose]());

/** Share of v2 in percent. A weight is a random draw per request: at 10 % of 10,000 the standard deviation is 0.3 points. */
const shareOf = ({ calls, versions }: { calls: number; versions: Record<string, number> }) =>
  (100 * (versions.v2 ?? 0)) / calls;

describe("Istio's YAML of a 90/10 canary, applied with kubectl", () => {
  test("sends one in ten of 10,000 requests to v2, and none fails", async () => {
    const tally = await web.many(charge, 10_000, post);
    expect(tally.failures).toEqual([]);
    expect(tally.statuses).toEqual({ 200: 10_000 });
    expect(Math.abs(shareOf(tally) - 10)).toBeLessThanOrEqual(1);
  }, 60_000);

  test("sends who carries the header to v2, always", async () => {
    const tally = await web.many(charge, 500, canary);
    expect(tally.versions).toEqual({ v2: 500 });
  }, 30_000);

  test("shares the version's requests among its instances", async () => {
    const { names } = await web.many(charge, 1_000, post);
    expect(names.a).toBeGreaterThan(100);
    expect(names.b).toBeGreaterThan(100);
  }, 30_000);

  test("is readable again through kubectl as it was written", async () => {
    const { exitCode, stdout } = await mesh.kubectl(["diff", "-f", join(folder, "canary")]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "" });
  });
});

describe("the policy of one principal, POST, one path", () => {
  test("refuses another caller, and says which policy came closest and why", async () => {
    const thief = await startCaller(mesh, ["--name", "thief", "-n", "shop"]);
    const { status, headers, body } = await thief.call(charge, post);
    expect(status).toBe(403);
    expect(headers["weft-error"]).toStartWith("denied-by-policy; by=payments");
    expect(headers["weft-error"]).toContain("/inbound");
    expect(body).toContain("spiffe://cluster.local/ns/shop/sa/thief");
    expect(body).toContain("POST /charge");
    expect(body).toContain("payments-charge");
  }, 30_000);

  test.each([
    ["another method", "GET", "/charge"],
    ["another path", "POST", "/ledger"],
    ["a longer path", "POST", "/charge/"],
    ["the path in other letters", "POST", "/Charge"],
  ])("refuses %s", async (_, method, path) => {
    const { status, headers, body } = await web.call(`http://payments:9090${path}`, { method });
    expect(status).toBe(403);
    expect(headers["weft-error"]).toStartWith("denied-by-policy");
    expect(body).toContain("payments-charge");
  });
});

describe("a slow answer", () => {
  test("ends with 504 at the route's timeout", async () => {
    const startedAt = performance.now();
    const { status, headers } = await web.call(`${charge}?sleepMs=8000`, canary);
    expect(status).toBe(504);
    expect(headers["weft-error"]).toStartWith("request-timeout; by=web");
    expect(performance.now() - startedAt).toBeWithin(950, 2_000);
  });

  test("ends with 504 at the try's timeout, and a POST that was sent is not sent again", async () => {
    const startedAt = performance.now();
    const { status, headers } = await web.call(`${charge}?sleepMs=8000`, post);
    expect(status).toBe(504);
    expect(headers["weft-error"]).toStartWith("per-try-timeout; by=web");
    expect(performance.now() - startedAt).toBeWithin(1_950, 3_500);
  });
});

describe("an endpoint that fails", () => {
  test("is ejected after three errors in a row, and comes back when it has recovered", async () => {
    writeFileSync(failFile, "");
    const sick = await eventually(async () => {
      const tally = await web.many(charge, 300, post);
      expect(Object.keys(tally.names)).not.toContain("b");
      return tally;
    });
    // A single caller's three errors eject it; what was on its way by then fails too.
    expect(sick.statuses["500"] ?? 0).toBeLessThan(60);
    const calm = await web.many(charge, 300, post);
    expect(calm.statuses["200"]).toBeGreaterThan(270);

    rmSync(failFile);
    const back = await eventually(async () => {
      const tally = await web.many(charge, 300, post);
      expect(tally.names.b).toBeGreaterThan(60);
      return tally;
    });
    expect(back.statuses).toEqual({ 200: 300 });
  }, 40_000);
});

describe("an endpoint that is gone without a word", () => {
  test("costs no request: what could not connect is tried elsewhere", async () => {
    const gone = await startServer(mesh, {
      name: "payments",
      servicePort: 9090,
      version: "v1",
      calls: "d",
    });
    await eventually(async () => (await web.many(charge, 60, post)).names.d);
    const pids = gone.workload.processes();
    for (const pid of pids) process.kill(pid, "SIGKILL");
    // A process that is dying still takes bytes: what it took it may have acted on, and a POST is not repeated.
    await eventually(() => pids.every(hasEnded));
    // The budget always allows three retries at once, so three callers can rely on them. Without the key, a POST that was
    // sent in the moment of the crash would fail: nobody can tell whether it was charged.
    const headers = { "idempotency-key": "one" };
    const tally = await web.many(charge, 500, { ...post, headers, parallel: 3 });
    expect(tally.failures).toEqual([]);
    expect(tally.statuses).toEqual({ 200: 500 });
  }, 40_000);
});

describe("an SMI TrafficSplit, applied with kubectl", () => {
  test("shares 10,000 requests as it says", async () => {
    await Promise.all([
      startServer(mesh, { name: "checkout-v1", version: "v1" }),
      startServer(mesh, { name: "checkout-v2", version: "v2" }),
    ]);
    const applied = await mesh.kubectl(["apply", "-f", join(folder, "traffic-split.yaml")]);
    expect(applied).toMatchObject({ exitCode: 0, stderr: "" });
    await eventually(async () => {
      const { versions } = await web.many("http://checkout/", 60);
      return versions.v1 && versions.v2;
    });
    const tally = await web.many("http://checkout/", 10_000);
    expect(tally.statuses).toEqual({ 200: 10_000 });
    expect(Math.abs(shareOf(tally) - 10)).toBeLessThanOrEqual(1);
  }, 60_000);
});
