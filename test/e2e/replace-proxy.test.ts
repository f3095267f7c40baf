// A new proxy takes over from the old one on the same host, and nobody who calls notices.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { eventually, eventuallyHolds } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { type Mesh, startMesh } from "../support/mesh.ts";
import { type Server, startServer } from "../support/server.ts";
import type { Spawned } from "../support/spawn-weft.ts";
import { startSteadyLoad } from "../support/steady-load.ts";
import { proxyOf } from "../support/workload-processes.ts";

/** What has to be shown, and what the environment may ask for instead while something else keeps the machine busy. */
const RATE = Number(process.env.WEFT_TEST_RATE ?? 5_000);
const REQUESTS = Number(process.env.WEFT_TEST_REQUESTS ?? 300_000);
const REPLACEMENTS = 10;
/** On a machine that cannot keep that pace, the same requests take longer. */
const LATE_MS = 300_000;

let mesh: Mesh;
let client: Spawned;
let server: Server;
let port: number;

beforeAll(async () => {
  mesh = await startMesh();
  port = await freePort();
  server = await startServer(mesh, { name: "solo" });
  client = await mesh.run(
    ["--name", "client", "-n", "shop", "--upstream", `solo.shop:80=${port}`],
    ["sleep", "3600"],
  );
  await eventuallyHolds(async () => {
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
  });
}, 60_000);

afterAll(() => mesh?.[Symbol.asyncDispose]());

async function replace(workload: Spawned): Promise<void> {
  const before = proxyOf(workload);
  const said = workload.stderr.text.length;
  workload.signal("SIGUSR2");
  await eventually(() => workload.stderr.text.slice(said).includes("has taken over"));
  await eventually(() => proxyOf(workload) !== before);
}

describe("a proxy that is replaced", () => {
  test(
    `loses none of ${REQUESTS} requests at ${RATE}/s while both of a pair are replaced ${REPLACEMENTS} times`,
    async () => {
      const seconds = REQUESTS / RATE;
      await using load = startSteadyLoad({ port, rate: RATE, seconds, connections: 32 });
      const pauseMs = (seconds * 1_000) / (REPLACEMENTS + 1);
      let at = performance.now();
      for (let i = 0; i < REPLACEMENTS; i++) {
        at += pauseMs;
        await Bun.sleep(Math.max(0, at - performance.now())); // the load's own pace, not a wait for anything
        await Promise.all([replace(client), replace(server.workload)]);
      }
      const result = await load.json(LATE_MS);
      const { answered, durationMs, slowestMs } = result;
      process.stdout.write(`${answered} requests in ${durationMs} ms, slowest ${slowestMs} ms\n`);
      expect(result).toMatchObject({ sent: REQUESTS, answered: REQUESTS, failed: 0, failures: [] });
    },
    LATE_MS + 100_000,
  );

  test("stays one endpoint of the mesh, and the old one ends", async () => {
    const [before] = (await mesh.proxies()).filter(({ app }) => app === "solo");
    await replace(server.workload);
    await eventually(async () => {
      const [entry, ...more] = (await mesh.proxies()).filter(({ app }) => app === "solo");
      return more.length === 0 && entry?.connectedAt !== before?.connectedAt;
    });
    const { stdout } = await mesh.kubectl(["get", "workloadentries", "-n", "shop", "-o", "name"]);
    expect(stdout.match(/solo/g)).toHaveLength(1);
  }, 60_000);
});
