import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Caller, startCaller } from "../support/caller.ts";
import { eventually, eventuallyHolds } from "../support/eventually.ts";
import { type Mesh, startMesh } from "../support/mesh.ts";
import { type Server, startServer } from "../support/server.ts";
import { proxyOf } from "../support/workload-processes.ts";

const url = "http://web/";
const gentle = { parallel: 4 } as const;

let mesh: Mesh;
let server: Server;
let caller: Caller;

beforeAll(async () => {
  mesh = await startMesh();
  [server, caller] = await Promise.all([
    startServer(mesh, { name: "web", version: "v1" }),
    startCaller(mesh, ["--name", "me", "-n", "shop"]),
  ]);
  await mesh.apply(header("before"));
  await eventually(async () => {
    const { status, headers } = await caller.call(url);
    return status === 200 && headers["x-route"] === "before";
  });
}, 60_000);

afterAll(() => mesh?.[Symbol.asyncDispose]());

describe("a control plane that is killed", () => {
  let stop: ReturnType<Caller["keepCalling"]>;

  test("is missed by no request", async () => {
    stop = caller.keepCalling(url, gentle);
    mesh.controlPlane.signal("SIGKILL");
    await mesh.controlPlane.exited;
    await caller.many(url, 2_000);
    const tally = await stop();
    expect(tally.failures).toEqual([]);
    expect(tally.statuses).toEqual({ 200: tally.calls });
  }, 30_000);

  test("is not needed by a server's proxy that is killed: it serves again within 2 s", async () => {
    const killed = proxyOf(server.workload) ?? 0;
    process.kill(killed, "SIGKILL");
    const killedAt = performance.now();
    await eventually(async () => (await caller.call(url)).status === 200, { deadlineMs: 2_000 });
    expect(performance.now() - killedAt).toBeLessThan(2_000);
    expect(proxyOf(server.workload)).not.toBe(killed);
  }, 20_000);

  test("is not needed by a caller's proxy that is killed: it serves again within 2 s", async () => {
    const killed = proxyOf(caller.workload) ?? 0;
    process.kill(killed, "SIGKILL");
    const killedAt = performance.now();
    // What was in flight on the application's own connection to its proxy may fail; the next must not have to wait long.
    await eventually(async () => (await caller.call(url)).status === 200, { deadlineMs: 2_000 });
    expect(performance.now() - killedAt).toBeLessThan(2_000);
    expect((await caller.call(url)).headers["x-route"]).toBe("before");
    expect(proxyOf(caller.workload)).not.toBe(killed);
  }, 20_000);

  test("is named by the commands that need it", async () => {
    const { exitCode, stderr } = await mesh.weft(["proxies"]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("does not answer");
    expect(stderr).toContain(`weft dev --data-dir ${mesh.dataDir}`);
  });
});

describe("a control plane that is started again", () => {
  test("finds everything that it had acknowledged, and every proxy comes back to it", async () => {
    await using calls = callsInBackground();
    const before = ["web", "me"];
    await mesh.startControlPlane();
    await eventuallyHolds(async () => {
      const proxies = await mesh.proxies();
      expect(proxies.map(({ app }) => app).sort()).toEqual(before.toSorted());
      for (const { sync } of proxies)
        expect(Object.values(sync).map(({ status }) => status)).not.toContainAnyValues([
          "STALE",
          "ERROR",
        ]);
    });
    const { stdout } = await mesh.kubectl(["get", "vs,svc,sa,we", "-n", "shop", "-o", "name"]);
    for (const name of [
      "virtualservice.networking.istio.io/web",
      "service/web",
      "serviceaccount/me",
      "workloadentry.networking.istio.io/web-v1-1",
    ])
      expect(stdout.split("\n")).toContain(name);
    await calls.stop();
  }, 30_000);

  test("changes what proxies do", async () => {
    await mesh.apply(header("after"));
    const { status, headers } = await caller.call(url);
    expect({ status, route: headers["x-route"] }).toEqual({ status: 200, route: "after" });
  }, 30_000);

  test("takes nobody out of service that is alive, past the grace period of the dead", async () => {
    const entries = async () => {
      const { stdout } = await mesh.kubectl(["get", "we", "-n", "shop", "-o", "name"]);
      return stdout.split("\n").filter(Boolean).sort();
    };
    const before = await entries();
    const dead = await startServer(mesh, { name: "dead" });
    await eventually(async () => (await entries()).length > before.length);
    for (const pid of dead.workload.processes()) process.kill(pid, "SIGKILL");
    // The one that has just died has its grace period behind it when it is gone; those of the restart had theirs before.
    const past = { deadlineMs: 20_000 };
    await eventuallyHolds(async () => expect(await entries()).toEqual(before), past);
    const { statuses } = await caller.many(url, 100);
    expect(statuses).toEqual({ 200: 100 });
  }, 40_000);

  /** None of them may fail. */
  function callsInBackground() {
    let stop: ReturnType<Caller["keepCalling"]> | undefined = caller.keepCalling(url, gentle);
    return {
      stop: async () => {
        const tally = await stop?.();
        stop = undefined;
        expect(tally?.failures).toEqual([]);
        expect(tally?.statuses).toEqual({ 200: tally?.calls ?? 0 });
      },
      [Symbol.asyncDispose]: async () => {
        await stop?.();
      },
    };
  }
});

const header = (value: string): string => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: web
  namespace: shop
spec:
  hosts: [web]
  http:
    - route:
        - destination:
            host: web
      headers:
        response:
          set:
            x-route: ${value}
`;
