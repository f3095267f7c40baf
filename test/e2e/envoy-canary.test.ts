import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { type Caller, startCaller } from "../support/caller.ts";
import { withEnvoy } from "../support/envoy.ts";
import { eventually, eventuallyHolds } from "../support/eventually.ts";
import { inboundOf, type Mesh, startMesh } from "../support/mesh.ts";
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
  const payments = { name: "payments", servicePort: 9090, flags: withEnvoy() };
  [web] = await Promise.all([
    startCaller(mesh, ["--name", "web", "-n", "shop", ...withEnvoy()]),
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
}, 90_000);

afterAll(() => mesh?.[Symbol.asyncDispose]());

describe("Istio's YAML of a 90/10 canary, where Envoy carries the traffic on both sides", () => {
  test("every Envoy has accepted all that it was sent", async () => {
    await eventually(async () => {
      const columns = (await mesh.proxies()).flatMap(({ sync }) =>
        [sync.CDS, sync.LDS, sync.EDS, sync.RDS].map(({ status }) => status),
      );
      expect(columns).toHaveLength(16);
      expect([...new Set(columns)]).toEqual(["SYNCED"]);
      return true;
    });
  }, 30_000);

  test("sends one in ten of 5,000 requests to v2, and none fails", async () => {
    const tally = await web.many(charge, 5_000, post);
    expect(tally.failures).toEqual([]);
    expect(tally.statuses).toEqual({ 200: 5_000 });
    const share = (100 * (tally.versions.v2 ?? 0)) / tally.calls;
    expect(Math.abs(share - 10)).toBeLessThanOrEqual(2);
  }, 60_000);

  test("sends who carries the header to v2, always", async () => {
    const tally = await web.many(charge, 500, canary);
    expect(tally.versions).toEqual({ v2: 500 });
  }, 30_000);

  test("refuses another caller, another method and another path, by name of the reason", async () => {
    const thief = await startCaller(mesh, ["--name", "thief", "-n", "shop", ...withEnvoy()]);
    const answers = [
      await thief.call(charge, post),
      await web.call(charge),
      await web.call("http://payments:9090/ledger", post),
    ];
    for (const { status, headers } of answers) {
      expect(status).toBe(403);
      expect(headers["weft-error"]).toStartWith("denied-by-policy; by=payments");
      expect(headers["weft-error"]).toContain("/inbound");
    }
  }, 30_000);

  test("a plaintext caller gets no answer under STRICT", async () => {
    const { host, port } = inboundOf(await mesh.proxy("payments", "v2"));
    const socket = connect({ host, port });
    let answer = "";
    socket.on("data", (bytes) => {
      answer += bytes;
    });
    const closed = new Promise((resolve) => socket.on("close", resolve));
    socket.on("error", () => undefined);
    socket.write("POST /charge HTTP/1.1\r\nHost: payments\r\nContent-Length: 0\r\n\r\n");
    await closed;
    expect(answer).toBe("");
  }, 30_000);

  test("a slow answer ends with 504 at the route's timeout, and at the try's", async () => {
    const slow = await web.call(`${charge}?sleepMs=8000`, canary);
    expect(slow.status).toBe(504);
    expect(slow.headers["weft-error"]).toStartWith("request-timeout; by=web");
    const sent = await web.call(`${charge}?sleepMs=8000`, post);
    expect(sent.status).toBe(504);
  }, 30_000);

  test("an endpoint that fails is ejected, and comes back when it has recovered", async () => {
    writeFileSync(failFile, "");
    await eventually(async () => {
      const tally = await web.many(charge, 300, post);
      expect(Object.keys(tally.names)).not.toContain("b");
      return tally;
    });
    const calm = await web.many(charge, 300, post);
    expect(calm.statuses["200"]).toBeGreaterThan(270);
    rmSync(failFile);
    const back = await eventually(async () => {
      const tally = await web.many(charge, 300, post);
      expect(tally.names.b).toBeGreaterThan(60);
      return tally;
    });
    expect(back.statuses).toEqual({ 200: 300 });
  }, 60_000);
});
