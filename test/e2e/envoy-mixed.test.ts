import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Caller, startCaller } from "../support/caller.ts";
import { withEnvoy } from "../support/envoy.ts";
import { eventually, eventuallyHolds } from "../support/eventually.ts";
import { type Mesh, startMesh } from "../support/mesh.ts";
import { documents, peerAuthentication } from "../support/mesh-objects.ts";
import { type Server, startServer } from "../support/server.ts";

let mesh: Mesh;
let byEnvoy: Caller;
let byWeft: Caller;
let server: Server;
const urls = { envoy: "http://behind-envoy/", weft: "http://behind-weft.shop:80/" };

beforeAll(async () => {
  mesh = await startMesh();
  [byEnvoy, byWeft, server] = await Promise.all([
    startCaller(mesh, ["--name", "envoy-caller", "-n", "shop", ...withEnvoy()]),
    startCaller(mesh, ["--name", "weft-caller", "-n", "shop"]),
    startServer(mesh, { name: "behind-envoy", version: "v1", flags: withEnvoy() }),
    startServer(mesh, { name: "behind-weft", version: "v1" }),
  ]);
  await mesh.apply(documents([peerAuthentication("default", { mtls: { mode: "STRICT" } })]));
  await eventuallyHolds(async () => {
    for (const caller of [byEnvoy, byWeft])
      for (const url of Object.values(urls)) expect((await caller.call(url)).status).toBe(200);
  });
}, 90_000);

afterAll(() => mesh?.[Symbol.asyncDispose]());

/** Processes of a workload whose command line has this word. */
function processesOf(words: string, { workload }: { workload: Server["workload"] }) {
  return workload.processes().filter((pid) => {
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
    return command.includes(words);
  });
}

const state = (path: string) => join(mesh.dataDir, "proxies/shop", path);

describe("workloads with Envoy and workloads with Weft's proxy, under STRICT", () => {
  test("call each other in every combination, and none of 8,000 requests fails", async () => {
    for (const caller of [byEnvoy, byWeft])
      for (const url of Object.values(urls)) {
        const tally = await caller.many(url, 2_000);
        expect(tally.failures).toEqual([]);
        expect(tally.statuses).toEqual({ 200: 2_000 });
      }
  }, 90_000);

  test("a server behind either sees who called", async () => {
    for (const url of Object.values(urls)) {
      const { body } = await byEnvoy.call(`${url}headers`);
      const seen = JSON.parse(body) as Record<string, string>;
      expect(seen["x-forwarded-client-cert"]).toContain(
        "URI=spiffe://cluster.local/ns/shop/sa/envoy-caller",
      );
      expect(seen["x-request-id"]).toBeTruthy();
      expect(seen.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
      expect(Object.keys(seen)).not.toContain("proxy-authorization");
      expect(Object.keys(seen)).not.toContain("weft-peer");
    }
  });

  test("a host that nobody has is answered as the mesh's policy says, a route that is none by name", async () => {
    const { status, headers } = await byEnvoy.call("http://behind-weft:81/");
    expect([502, 503]).toContain(status);
    expect(headers["weft-error"]).toBeTruthy();
  });

  test("golden signals of both are counted once, with service and version", async () => {
    await eventuallyHolds(async () => {
      const { stdout } = await mesh.weft(["stat", "--window", "120", "-o", "json"]);
      const { items } = JSON.parse(stdout) as {
        items: { service: string; version: string; requests: number }[];
      };
      for (const service of ["behind-envoy", "behind-weft"]) {
        const row = items.find((item) => item.service === service && item.version === "v1");
        expect(row?.requests).toBeGreaterThanOrEqual(4_000);
        expect(row?.requests).toBeLessThan(4_500);
      }
    });
  }, 30_000);

  test("the access log has Weft's keys", () => {
    const log = readFileSync(state("behind-envoy-v1-1/access.log"), "utf8").trim().split("\n");
    expect(JSON.parse(log.at(-1) ?? "")).toMatchObject({
      direction: "inbound",
      method: "GET",
      protocol: "HTTP/1.1",
      response_code: 200,
      response_code_details: "via_upstream",
      peer: expect.stringContaining("spiffe://cluster.local/ns/shop/sa/"),
      upstream_cluster: expect.stringMatching(/^inbound\|\d+\|\|$/),
    });
  });
});

describe("an Envoy", () => {
  test("shows its state at the workload's admin address, and lets nobody stop it there", async () => {
    const { addresses } = await mesh.proxy("behind-envoy");
    const ready = await fetch(`http://${addresses.admin}/ready`);
    expect(await ready.text()).toBe("LIVE\n");
    const metrics = await (await fetch(`http://${addresses.metrics}/stats/prometheus`)).text();
    expect(metrics).toContain('istio_requests_total{reporter="destination"');
    const stop = await fetch(`http://${addresses.admin}/quitquitquit`, { method: "POST" });
    expect(stop.status).toBe(405);
    const named = await fetch(`http://${addresses.admin}/clusters`, {
      headers: { host: "evil.example" },
    });
    expect(named.status).toBe(403);
  });

  test("asks for the secret of the run at the HTTP proxy's port", async () => {
    const { addresses } = await mesh.proxy("envoy-caller");
    const [outbound] = addresses.outbound;
    const answer = await fetch("http://behind-weft/", { proxy: `http://${outbound?.address}` });
    expect(answer.status).toBe(407);
    expect(answer.headers.get("weft-error")).toStartWith("proxy-auth-required; by=envoy-caller");
  });

  test("that is killed is started again on the same ports", async () => {
    const before = await mesh.proxy("behind-envoy");
    const [pid] = processesOf("--disable-hot-restart", { workload: server.workload });
    expect(pid).toBeGreaterThan(0);
    process.kill(pid ?? 0, "SIGKILL");
    await eventuallyHolds(
      async () => {
        const { status, body } = await byWeft.call(urls.envoy);
        expect({ status, body }).toMatchObject({ status: 200 });
      },
      { deadlineMs: 30_000 },
    );
    const [next] = processesOf("--disable-hot-restart", { workload: server.workload });
    expect(next).not.toBe(pid);
    const after = await mesh.proxy("behind-envoy");
    expect(after.addresses).toEqual(before.addresses);
  }, 60_000);

  test("goes on serving while the control plane is down, and is in step again afterwards", async () => {
    const stop = byEnvoy.keepCalling(urls.weft, { parallel: 4 });
    for (const pid of mesh.controlPlane.processes()) process.kill(pid, "SIGKILL");
    await mesh.controlPlane.exited;
    const during = await byEnvoy.many(urls.weft, 1_000);
    expect(during.statuses).toEqual({ 200: 1_000 });
    await mesh.startControlPlane();
    await eventually(async () => {
      const { sync } = await mesh.proxy("envoy-caller");
      return [sync.CDS, sync.LDS, sync.EDS].every(({ status }) => status === "SYNCED");
    });
    const tally = await stop();
    expect(tally.failures).toEqual([]);
  }, 60_000);
});
