// The program of a running proxy is replaced on disk, and the proxy by that program, while it is called.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CheckoutCopy, checkoutCopy } from "../support/checkout-copy.ts";
import { eventually, eventuallyHolds } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { type Mesh, startMesh } from "../support/mesh.ts";
import { startServer } from "../support/server.ts";
import { runProgram, type Spawned, spawnProgram } from "../support/spawn-weft.ts";
import { startSteadyLoad } from "../support/steady-load.ts";
import { applicationOf } from "../support/workload-processes.ts";

let mesh: Mesh;
let copy: CheckoutCopy;
let client: Spawned;
let admin: string;
let port: number;

beforeAll(async () => {
  [mesh, copy] = await Promise.all([startMesh(), checkoutCopy()]);
  const weft = join(copy.path, "weft");
  const ready = await runProgram([weft, "version"], { cwd: copy.path }); // sets the copy up
  expect(ready.exitCode).toBe(0);
  port = await freePort();
  await startServer(mesh, { name: "web" });
  client = spawnProgram([
    ...[weft, "run", "--data-dir", mesh.dataDir, "--name", "client", "-n", "shop"],
    ...["--concurrency", "2", "--upstream", `web.shop:80=${port}`, "--", "sleep", "3600"],
  ]);
  [, admin = ""] = await client.stderr.line(/proxy admin at (http:\S+)/, 30_000);
  await eventuallyHolds(async () => {
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
  });
}, 120_000);

afterAll(async () => {
  await client?.[Symbol.asyncDispose]();
  await mesh?.[Symbol.asyncDispose]();
  await copy?.[Symbol.asyncDispose]();
});

function edit(file: string, before: string, after: string): void {
  const path = join(copy.path, file);
  const text = readFileSync(path, "utf8");
  expect(text).toContain(before);
  writeFileSync(path, text.replace(before, after));
}

const readyPage = async () => await (await fetch(`${admin}/ready`)).text();

describe("a proxy whose program was replaced", () => {
  test("is replaced by the new one without a failed request, and its application stays", async () => {
    expect(await readyPage()).toBe("LIVE\n");
    const application = applicationOf(client);
    await using load = startSteadyLoad({ port, rate: 300, seconds: 8, connections: 16 });
    edit("package.json", '"version": "', '"version": "9.9.9-');
    edit("src/proxy/admin/admin-reply.ts", '"LIVE\\n"', '"LIVE, and new\\n"');
    client.signal("SIGUSR2");
    await client.stderr.line(/has taken over/, 30_000);
    await eventually(async () => (await readyPage()) === "LIVE, and new\n");
    const result = await load.json(60_000);
    expect(result).toMatchObject({ sent: 2_400, answered: 2_400, failed: 0, failures: [] });
    expect(applicationOf(client)).toBe(application);
    await eventually(async () => (await mesh.proxy("client")).version.startsWith("9.9.9-"));
  }, 120_000);

  test("stays when the new one does not start", async () => {
    edit("src/proxy/admin/admin-reply.ts", '"LIVE, and new\\n"', '"LIVE, and broken\\n"');
    edit("src/proxy/proxy-main.ts", "raiseFileLimit();", 'throw new Error("broken");');
    client.signal("SIGUSR2");
    await client.stderr.line(
      /is not replaced: the proxy does not start: .*; the old one goes on/,
      30_000,
    );
    expect(await readyPage()).toBe("LIVE, and new\n");
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
  }, 120_000);
});
