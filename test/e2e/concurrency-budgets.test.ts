// What several processes of one proxy may take together: retries by budget, and connections of its own listeners.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { eventually, eventuallyHolds } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { type HttpLine, openHttpLine } from "../support/http-line.ts";
import { type Mesh, startMesh } from "../support/mesh.ts";
import { destinationRule, documents, virtualService } from "../support/mesh-objects.ts";
import { lineToEach, type ProxyWorkers, proxyWorkers } from "../support/proxy-workers.ts";
import { startServer } from "../support/server.ts";

const WORKERS = 2;
const CONNECTIONS = 20;
const host = "web.shop.svc.cluster.local";

let mesh: Mesh;
let workers: ProxyWorkers;
let servers: ProxyWorkers;
let port: number;
let failFile: string;

beforeAll(async () => {
  mesh = await startMesh();
  port = await freePort();
  failFile = join(mesh.dataDir, "web-fails");
  const flags = ["--concurrency", `${WORKERS}`, "--limit", `listener-connections=${CONNECTIONS}`];
  const [client, server] = await Promise.all([
    mesh.run(
      ["--name", "client", "-n", "shop", ...flags, "--upstream", `web.shop:80=${port}`],
      ["sleep", "3600"],
    ),
    startServer(mesh, { name: "web", failFile }),
  ]);
  workers = await proxyWorkers(client, WORKERS);
  servers = await proxyWorkers(server.workload, 1);
  await eventuallyHolds(callOnce);
}, 60_000);

afterAll(() => mesh?.[Symbol.asyncDispose]());

async function callOnce(): Promise<void> {
  using line = await openHttpLine(port);
  expect((await line.send("/")).status).toBe(200);
}

/** One more try for a failure, by that budget. */
const withBudget = (percent: number, minRetryConcurrency: number) =>
  mesh.apply(
    documents([
      destinationRule("web", {
        host,
        trafficPolicy: { retryBudget: { percent, minRetryConcurrency } },
      }),
      virtualService("web", {
        hosts: [host],
        http: [{ route: [{ destination: { host } }], retries: { attempts: 1, retryOn: "5xx" } }],
      }),
    ]),
  );

/** So many lines to each worker. */
async function linesToEach(count: number): Promise<readonly (readonly HttpLine[])[]> {
  const rounds: (readonly HttpLine[])[] = [];
  for (let i = 0; i < count; i++) rounds.push(await lineToEach(workers, port));
  return Array.from({ length: WORKERS }, (_, worker) =>
    rounds.flatMap((lines) => lines[worker] ?? []),
  );
}

const statusOf = async (line: HttpLine, sleepMs: number): Promise<number> =>
  (await line.send(`/?sleepMs=${sleepMs}`)).status;

/** How many requests came to the server, and how many retries were not made, while `work` was done. */
async function counted(work: () => Promise<void>): Promise<{ came: number; refused: number }> {
  const look = async () => ({
    came: await servers.sum("istio_requests_total", 'reporter="destination"'),
    refused: await workers.sum("envoy_cluster_upstream_rq_retry_overflow", host),
  });
  const before = await look();
  await work();
  const after = await look();
  return { came: after.came - before.came, refused: after.refused - before.refused };
}

test("two workers have one budget of retries", async () => {
  await withBudget(1, 3);
  const lines = (await linesToEach(4)).flat();
  writeFileSync(failFile, "");
  const told = await counted(async () => {
    const statuses = await Promise.all(lines.map((line) => statusOf(line, 1_500)));
    expect(statuses).toEqual(lines.map(() => 500));
  });
  rmSync(failFile);
  expect(told).toEqual({ came: 8 + 3, refused: 5 });
  for (const line of lines) line[Symbol.dispose]();
}, 40_000);

test("its share is one of the requests of both", async () => {
  await withBudget(50, 1);
  const [few = [], many = []] = await linesToEach(6);
  const told = await counted(async () => {
    const busy = many.map((line) => statusOf(line, 4_000));
    await eventually(async () => {
      const page = JSON.parse(await workers.page("/clusters?format=json")) as {
        readonly name: string;
        readonly activeRequests: number;
      }[];
      return page.some(
        ({ name, activeRequests }) => name.endsWith(host) && activeRequests === many.length,
      );
    });
    writeFileSync(failFile, "");
    // Of two requests half is one; of eight it is four.
    const failed = await Promise.all(few.slice(0, 2).map((line) => statusOf(line, 500)));
    rmSync(failFile);
    expect(failed).toEqual([500, 500]);
    expect(await Promise.all(busy)).toEqual(many.map(() => 200));
  });
  expect(told).toEqual({ came: 6 + 2 + 2, refused: 0 });
  for (const line of [...few, ...many]) line[Symbol.dispose]();
}, 40_000);

test("a limit of connections is divided among the workers", async () => {
  const refused = () => workers.sum("weft_connections_refused_total");
  const refusedBefore = await refused();
  const open = new Set<Socket>();
  let opened = 0;
  const openOne = (): void => {
    const socket = connect({ port, host: "127.0.0.1" });
    opened++;
    open.add(socket);
    socket.on("error", () => undefined); // `close` follows
    socket.on("close", () => open.delete(socket));
    socket.on("end", () => socket.destroy());
  };
  for (let i = 0; i < 4 * CONNECTIONS; i++) openOne();
  await eventuallyHolds(async () => {
    if (open.size < CONNECTIONS) openOne(); // in the place of one that was there before
    expect((await refused()) - refusedBefore).toBe(opened - CONNECTIONS);
    expect(open.size).toBe(CONNECTIONS);
  });
  for (const socket of open) socket.destroy();
  await eventuallyHolds(callOnce);
}, 40_000);
