// A workload that is told to end while requests are under way: they are answered, and nothing is left of it.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Caller, startCaller } from "../support/caller.ts";
import { eventually, eventuallyHolds } from "../support/eventually.ts";
import { type Mesh, startMesh } from "../support/mesh.ts";
import { hasEnded } from "../support/process-tree.ts";
import { startServer } from "../support/server.ts";

const CALLS = 20;

let mesh: Mesh;

beforeAll(async () => {
  mesh = await startMesh();
}, 60_000);

afterAll(() => mesh?.[Symbol.asyncDispose]());

/** Requests that the proxy of a workload has under way. */
async function underWay(name: string): Promise<number> {
  const { addresses } = await mesh.proxy(name);
  const page = await (await fetch(`http://${addresses.admin}/clusters`)).text();
  const counts = page.matchAll(/^[^:\n]+::rq_active::(\d+)$/gm);
  return Array.from(counts, ([, count]) => Number(count)).reduce((sum, count) => sum + count, 0);
}

const slowCalls = (caller: Caller) =>
  Array.from({ length: CALLS }, () => caller.call("http://web/?sleepMs=1500"));

test("requests under way are answered when the workload that serves them is told to end", async () => {
  const [server, caller] = await Promise.all([
    startServer(mesh, { name: "web", finishes: true }),
    startCaller(mesh, ["--name", "client", "-n", "shop"]),
  ]);
  await eventuallyHolds(async () => expect((await caller.call("http://web/")).status).toBe(200));
  const calls = slowCalls(caller);
  await eventually(async () => (await underWay("web")) === CALLS);
  const all = server.workload.processes();
  server.workload.signal("SIGTERM");
  const answers = await Promise.all(calls);
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  await server.workload.exited;
  await eventually(() => all.every(hasEnded));
  await eventuallyHolds(async () =>
    expect((await mesh.proxies()).map(({ app }) => app)).toEqual(["client"]),
  );
}, 60_000);
