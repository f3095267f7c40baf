import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Caller, startCaller } from "../support/caller.ts";
import { eventually, eventuallyHolds } from "../support/eventually.ts";
import { type Mesh, startMesh } from "../support/mesh.ts";
import { startServer } from "../support/server.ts";

const accounts = "/api/v1/namespaces/shop/serviceaccounts";
const entries = "/apis/networking.istio.io/v1/namespaces/shop/workloadentries";
const url = "http://web/";

interface Named {
  readonly metadata: { readonly name: string };
}

let mesh: Mesh;

beforeAll(async () => {
  mesh = await startMesh();
}, 30_000);

afterAll(() => mesh?.[Symbol.asyncDispose]());

const namesAt = async (path: string): Promise<readonly string[]> => {
  const { items } = (await (await mesh.api("GET", path)).json()) as { items: readonly Named[] };
  return items.map(({ metadata }) => metadata.name).sort();
};

describe("a power cut while everything works", () => {
  const acknowledged: string[] = [];
  let restartedAt = 0;
  let caller: Caller;

  test("takes nothing with it that the API had acknowledged", async () => {
    await Promise.all([
      startServer(mesh, { name: "web", calls: "first" }),
      startServer(mesh, { name: "web", calls: "second" }),
      startCaller(mesh, ["--name", "me", "-n", "shop"]),
    ]);
    await eventuallyHolds(async () => {
      expect(await namesAt(entries)).toEqual(["me-1", "web-1", "web-2"]);
    });
    const writing = writeUntilCut();
    await eventually(() => acknowledged.length > 200);
    await mesh.powerCut();
    const attempted = await writing;

    await mesh.startControlPlane();
    restartedAt = performance.now();
    const found = (await namesAt(accounts)).filter((name) => name.startsWith("written-"));
    const lost = acknowledged.filter((name) => !found.includes(name));
    expect(lost).toEqual([]);
    // What was on its way may be there or not, and nothing else.
    expect(attempted).toEqual(expect.arrayContaining([...found]));
  }, 60_000);

  test("hides no living endpoint behind dead ones", async () => {
    const workloads = await Promise.all([
      startCaller(mesh, ["--name", "me", "-n", "shop"]),
      startServer(mesh, { name: "web", calls: "third" }),
    ]);
    caller = workloads[0];
    await eventually(async () => (await caller.call(url)).status === 200);
    // The second's entry is still there, and nobody listens: requests are tried elsewhere.
    expect(await namesAt(entries)).toContain("web-2");
    const tally = await caller.many(url, 30, { parallel: 1 });
    expect(tally.failures).toEqual([]);
    expect(tally.names).toEqual({ third: 30 });
  }, 30_000);

  test("leaves no dead endpoint 15 s after the restart, and the living stay", async () => {
    const leftMs = 15_000 - (performance.now() - restartedAt);
    await eventuallyHolds(async () => expect(await namesAt(entries)).toEqual(["me-1", "web-1"]), {
      deadlineMs: leftMs,
      everyMs: 100,
    });
    const tally = await caller.many(url, 200);
    expect(tally.failures).toEqual([]);
    expect(tally.names).toEqual({ third: 200 });
  }, 30_000);

  /** Names that it asked for, up to the one that was not answered any more. */
  async function writeUntilCut(): Promise<readonly string[]> {
    const attempted: string[] = [];
    for (let i = 0; ; i++) {
      const name = `written-${i}`;
      attempted.push(name);
      const object = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name } };
      const response = await mesh.api("POST", accounts, object).catch(() => undefined);
      if (!response) return attempted;
      expect(response.status).toBe(201);
      acknowledged.push(name);
    }
  }
});
