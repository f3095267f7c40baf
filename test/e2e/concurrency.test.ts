// Several processes are one proxy: to its callers, to the control plane, and in its limits.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually, eventuallyHolds } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { type HttpLine, openHttpLine } from "../support/http-line.ts";
import { inboundOf, type Mesh, startMesh } from "../support/mesh.ts";
import { destinationRule, documents, virtualService } from "../support/mesh-objects.ts";
import { lineToEach, type ProxyWorkers, proxyWorkers } from "../support/proxy-workers.ts";
import { type Server, startServer } from "../support/server.ts";
import { listeningInodes } from "../support/sockets-of.ts";
import type { Spawned } from "../support/spawn-weft.ts";

const WORKERS = 2;
const host = "web.shop.svc.cluster.local";

let mesh: Mesh;
let client: Spawned;
let server: Server;
let workers: ProxyWorkers;
/** Of the client's proxy, for `web`. */
let port: number;
let failFile: string;

beforeAll(async () => {
  mesh = await startMesh();
  port = await freePort();
  failFile = join(mesh.dataDir, "web-fails");
  const concurrency = ["--concurrency", `${WORKERS}`];
  [client, server] = await Promise.all([
    mesh.run(
      ["--name", "client", "-n", "shop", ...concurrency, "--upstream", `web.shop:80=${port}`],
      ["sleep", "3600"],
    ),
    startServer(mesh, { name: "web", version: "v1", failFile, flags: concurrency }),
    startServer(mesh, { name: "web", version: "v2" }),
  ]);
  workers = await proxyWorkers(client, WORKERS);
  await mesh.apply(documents([rule(oneConnection), routes({ v1: 100, v2: 0 })]));
  await eventuallyHolds(async () => {
    using line = await openHttpLine(port);
    expect((await line.send("/")).status).toBe(200);
  });
}, 60_000);

afterAll(() => mesh?.[Symbol.asyncDispose]());

const rule = (trafficPolicy: object = { loadBalancer: { simple: "ROUND_ROBIN" } }) =>
  destinationRule("web", {
    host,
    trafficPolicy,
    subsets: ["v1", "v2"].map((version) => ({ name: version, labels: { version } })),
  });

const oneConnection = { connectionPool: { tcp: { maxConnections: 1 } } };

const routes = (weights: { readonly v1: number; readonly v2: number }, route = "first") =>
  virtualService("web", {
    hosts: [host],
    http: [
      {
        route: Object.entries(weights).map(([subset, weight]) => ({
          destination: { host, subset },
          weight,
        })),
        headers: { response: { set: { "x-route": route } } },
        retries: { attempts: 0 },
      },
    ],
  });

async function inParallel(count: number, work: () => Promise<void>): Promise<void> {
  await Promise.all(Array.from({ length: count }, work));
}

/** Golden signals of what the client called. */
async function requestsToldTo({ weft }: Mesh): Promise<number> {
  const { stdout } = await weft(["stat", "--from", "--window", "120", "-o", "json"]);
  const { items } = JSON.parse(stdout) as { items: { source: string; requests: number }[] };
  const own = items.filter(({ source }) => source.startsWith("shop/client"));
  return sum(own.map(({ requests }) => requests));
}

const listenersOf = (pid: number): number => listeningInodes([pid]).size;

const sum = (numbers: readonly number[]): number => numbers.reduce((all, more) => all + more, 0);

interface Calls {
  answered: number;
  failed: number;
}

/** One request after the other on each line, as long as it is open and until it is stopped. */
function keepCalling(lines: readonly HttpLine[]) {
  let isStopped = false;
  const calls = lines.map((): Calls => ({ answered: 0, failed: 0 }));
  const loops = lines.map(async (line, n) => {
    const own = calls[n] as Calls;
    while (!isStopped && own.failed === 0) {
      const isGood = await line.send("/").then(
        ({ status }) => status === 200,
        () => false,
      );
      if (isGood) own.answered++;
      else own.failed++;
    }
    line[Symbol.dispose]();
  });
  return {
    calls,
    stop: async () => {
      isStopped = true;
      await Promise.all(loops);
      return calls;
    },
  };
}

/** A fresh connection for one request. */
async function callOnce(path = "/"): Promise<{ status: number; version: string; route: string }> {
  using line = await openHttpLine(port);
  const { status, headers, body } = await line.send(path);
  const { version = "" } = status === 200 ? JSON.parse(body) : {};
  return { status, version, route: headers["x-route"] ?? "" };
}

describe("two workers of one proxy", () => {
  test("hold a limit of one connection together, and take turns", async () => {
    const lines = await lineToEach(workers, port);
    let highest = 0;
    let isOver = false;
    const watch = async () => {
      while (!isOver) {
        const page = JSON.parse(await workers.page("/clusters?format=json")) as {
          readonly name: string;
          readonly connections: number;
        }[];
        const { connections = 0 } =
          page.find(({ name }) => name === `outbound|80|v1|${host}`) ?? {};
        highest = Math.max(highest, connections);
      }
    };
    const watching = watch();
    await Promise.all(
      lines.map(async (line) => {
        for (let n = 0; n < 50; n++) expect((await line.send("/")).status).toBe(200);
      }),
    );
    isOver = true;
    await watching;
    expect(highest).toBe(1);
    for (const line of lines) line[Symbol.dispose]();
    await mesh.apply(documents([rule()]));
  }, 30_000);

  test("both carry traffic, and their requests add up to those that were sent", async () => {
    const before = await workers.connections();
    const counted = () => workers.sum("istio_requests_total", 'reporter="source"');
    const countedBefore = await counted();
    await inParallel(10, async () => {
      for (let n = 0; n < 20; n++) expect((await callOnce()).status).toBe(200);
    });
    expect((await counted()) - countedBefore).toBe(200);
    const after = await workers.connections();
    const gained = after.map((count, n) => count - (before[n] ?? 0));
    expect(gained.every((count) => count > 0)).toBe(true);
    expect(sum(gained)).toBe(200);
  }, 30_000);

  test("are one proxy to the control plane, with the traffic of both", async () => {
    const proxies = (await mesh.proxies()).filter(({ app }) => app === "client");
    expect(proxies).toHaveLength(1);
    const { stdout } = await mesh.kubectl(["get", "workloadentries", "-n", "shop", "-o", "name"]);
    expect(stdout.match(/client/g)).toHaveLength(1);
    const before = await requestsToldTo(mesh);
    for (const line of await lineToEach(workers, port)) {
      for (let n = 0; n < 50; n++) expect((await line.send("/")).status).toBe(200);
      line[Symbol.dispose]();
    }
    const counted = await workers.sum("istio_requests_total", 'reporter="source"');
    await eventuallyHolds(async () => expect(await requestsToldTo(mesh)).toBe(counted));
    expect(counted - before).toBeGreaterThanOrEqual(100);
  }, 30_000);

  test("both take calls from others", async () => {
    const { port: inbound } = inboundOf(await mesh.proxy("web", "v1"));
    const lines = await lineToEach(await proxyWorkers(server.workload, WORKERS), inbound);
    for (const line of lines) {
      expect((await line.send("/")).status).toBe(200);
      line[Symbol.dispose]();
    }
  }, 20_000);

  test("have both what was applied when `apply --wait` returns", async () => {
    const lines = await lineToEach(workers, port);
    for (const [v1, v2] of [
      [0, 100],
      [100, 0],
      [0, 100],
      [100, 0],
    ] as const) {
      await mesh.apply(documents([routes({ v1, v2 }, `${v1} to ${v2}`)]));
      for (const line of lines) {
        const { headers, body } = await line.send("/");
        expect(headers["x-route"]).toBe(`${v1} to ${v2}`);
        expect(JSON.parse(body).version).toBe(v1 === 100 ? "v1" : "v2");
      }
    }
    for (const line of lines) line[Symbol.dispose]();
  }, 30_000);

  test("hold a limit of requests together", async () => {
    await mesh.apply(documents([rule({ connectionPool: { http: { http2MaxRequests: 3 } } })]));
    const statuses: number[] = [];
    const lines = [...(await lineToEach(workers, port)), ...(await lineToEach(workers, port))];
    lines.push(...(await lineToEach(workers, port)), ...(await lineToEach(workers, port)));
    await Promise.all(
      lines.map(async (line) => statuses.push((await line.send("/?sleepMs=1500")).status)),
    );
    expect(statuses.toSorted()).toEqual([200, 200, 200, 503, 503, 503, 503, 503]);
    for (const line of lines) line[Symbol.dispose]();
    await mesh.apply(documents([rule()]));
  }, 30_000);

  test("see what either of them has ejected", async () => {
    const outlierDetection = {
      consecutive5xxErrors: 5,
      interval: "3600s",
      baseEjectionTime: "3600s",
      maxEjectionPercent: 100,
    };
    await mesh.apply(documents([rule({ outlierDetection }), routes({ v1: 100, v2: 0 })]));
    const [one, other] = await lineToEach(workers, port);
    writeFileSync(failFile, "");
    const statusOf = async (line: HttpLine | undefined) => (await line?.send("/"))?.status;
    expect(await statusOf(one)).toBe(500);
    expect(await statusOf(other)).toBe(500);
    expect(await statusOf(one)).toBe(500);
    expect(await statusOf(one)).toBe(500);
    expect(await statusOf(one)).toBe(500);
    rmSync(failFile);
    // It would answer 200 again, and nobody asks it: there is no other host of this version.
    expect(await statusOf(other)).toBe(503);
    expect(await statusOf(one)).toBe(503);
    for (const line of [one, other]) line?.[Symbol.dispose]();
    await mesh.apply(documents([rule()]));
    await eventuallyHolds(async () => expect((await callOnce()).status).toBe(200));
  }, 30_000);
});

test("a worker that hangs does not hold up a change for ever: it is started again, and has it", async () => {
  const [hanging = 0] = [...workers.pids()].sort((a, b) => listenersOf(a) - listenersOf(b)); // the first has more: admin
  const before = await workers.starts();
  process.kill(hanging, "SIGSTOP");
  await mesh.apply(documents([routes({ v1: 100, v2: 0 }, "after all")]));
  await eventually(async () => sum(await workers.starts()) === sum(before) + 1);
  await eventually(() => !workers.pids().includes(hanging));
  for (const line of await lineToEach(workers, port)) {
    expect((await line.send("/")).headers["x-route"]).toBe("after all");
    line[Symbol.dispose]();
  }
}, 60_000);

describe("a worker that is killed", () => {
  let pids: readonly number[];

  beforeAll(async () => {
    await mesh.apply(documents([rule(), routes({ v1: 50, v2: 50 }, "kept")]));
    mesh.controlPlane.signal("SIGKILL");
    await mesh.controlPlane.exited;
    pids = workers.pids();
    expect(pids).toHaveLength(WORKERS);
  }, 30_000);

  test.each([0, 1])(
    "(number %i of those that run) is replaced with what it had, by itself, and no caller of the other notices",
    async (number) => {
      const counted = () => workers.sum("istio_requests_total", 'reporter="source"');
      const lines = await lineToEach(workers, port);
      const before = await workers.starts();
      const countedBefore = await counted();
      const load = keepCalling(lines);
      await eventually(() => load.calls.every(({ answered }) => answered > 10));
      const killed = pids[number] ?? 0;
      process.kill(killed, "SIGKILL");
      const refused: unknown[] = [];
      const fresh = { answered: 0 };
      await eventually(
        async () => {
          const answer = await callOnce().catch((cause) => refused.push(cause));
          if (typeof answer === "object") {
            expect(answer).toMatchObject({ status: 200, route: "kept" });
            fresh.answered++;
          }
          return sum(await workers.starts()) === sum(before) + 1;
        },
        { deadlineMs: 15_000 },
      );
      const calls = await load.stop();
      expect(refused).toEqual([]);
      expect(calls.map(({ failed }) => failed).toSorted()).toEqual([0, 1]); // the one in flight
      expect(workers.pids()).not.toContain(killed);

      // Both serve, with the routes of before.
      const again = await lineToEach(workers, port);
      let more = 0;
      for (const line of again)
        for (let n = 0; n < 20; n++, more++)
          expect(await line.send("/")).toMatchObject({
            status: 200,
            headers: { "x-route": "kept" },
          });
      // What the dead one had counted is still there.
      const answered = sum(calls.map(({ answered }) => answered)) + fresh.answered + more;
      expect((await counted()) - countedBefore).toBeGreaterThanOrEqual(answered);
    },
    40_000,
  );

  test("takes changes again when the control plane is back, as the other does", async () => {
    await mesh.startControlPlane();
    // A change is waited for in those proxies that are there when it comes.
    await eventuallyHolds(async () => {
      const apps = (await mesh.proxies()).map(({ app }) => app);
      expect(apps).toContain("client");
    });
    await mesh.apply(documents([routes({ v1: 0, v2: 100 }, "after the death")]));
    for (const line of await lineToEach(workers, port)) {
      expect((await line.send("/")).headers["x-route"]).toBe("after the death");
      line[Symbol.dispose]();
    }
  }, 60_000);
});
