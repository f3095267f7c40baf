import { expect, test } from "bun:test";
import { openListeningSocket } from "#net/listening-socket.ts";
import type { Bootstrap } from "#proxy/bootstrap.ts";
import { snapshotOf } from "#proxy/config/last-good.ts";
import { ownCommandLine } from "../../src/cli/own-command-line.ts";
import { backend } from "../support/backend.ts";
import { eventually } from "../support/eventually.ts";
import { keptState } from "../support/kept-state.ts";
import { OutputLines } from "../support/output-lines.ts";
import { hasEnded, killTree, processesOfTree, TREE_VARIABLE } from "../support/process-tree.ts";
import { destination, endpoint, outboundResources } from "../support/proxy-config.ts";
import { direct, SECRET, viaProxy } from "../support/running-plane.ts";
import { runWeft } from "../support/spawn-weft.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

const NAMES = ["http-proxy", "admin"] as const;

/** `weft proxy --concurrency 2` on sockets that it inherits, with what an earlier run has left. */
function startWorkers(dir: TempDir) {
  const sockets = NAMES.map(() => openListeningSocket({ host: "127.0.0.1", port: 0 }));
  const [http = 0, admin = 0] = sockets.map(({ port }) => port);
  const addresses = [http, admin].map((port) => ({ host: "127.0.0.1", port }));
  const bootstrap: Bootstrap = {
    workload: {
      namespace: "shop",
      name: "web-1",
      app: "web",
      serviceAccount: "web",
      labels: { app: "web" },
      inbound: [],
      outbound: [{ kind: "http-proxy", address: { host: "127.0.0.1", port: http } }],
      admin: { host: "127.0.0.1", port: admin },
      version: "test",
    },
    trustDomain: "cluster.local",
    stateDirectory: dir.path,
    secret: SECRET,
    sockets: NAMES.map((name, n) => ({
      name,
      address: addresses[n] ?? { host: "", port: 0 },
      fd: 3 + n,
    })),
    drainMs: 1_000,
  };
  const mark = crypto.randomUUID();
  const child = Bun.spawn(
    [...ownCommandLine(["proxy", "--bootstrap", "-", "--concurrency", "2"])],
    {
      stdio: ["pipe", "pipe", "inherit", ...sockets.map(({ fd }) => fd)],
      env: { ...process.env, [TREE_VARIABLE]: mark },
    },
  );
  for (const { close } of sockets) close();
  const write = (value: unknown) => {
    child.stdin.write(`${JSON.stringify(value)}\n`);
    child.stdin.flush();
  };
  write(bootstrap);
  const events = new OutputLines();
  void events.follow(child.stdout);
  return {
    ...{ child, events, write, http, admin },
    processes: () => processesOfTree(mark),
    [Symbol.dispose]: () => killTree(mark),
  };
}

test("a proxy of several processes is to its parent as one: ready, leave, SIGTERM", async () => {
  await using dir = await tempDir();
  await using server = await backend();
  const resources = outboundResources([destination("payments", [endpoint(server.port)])]);
  await keptState(dir, snapshotOf(resources));
  using proxy = startWorkers(dir);
  await proxy.events.line(/"ready"/, 20_000);
  const all = proxy.processes();
  expect(all).toHaveLength(3);

  const connections = async () => {
    const { body } = await direct(proxy.admin, "/stats/prometheus");
    return Array.from(body.matchAll(/weft_worker_connections_total{.*} (\d+)/g), ([, count]) =>
      Number(count),
    );
  };
  await eventually(async () => {
    const calls = Array.from({ length: 20 }, () => viaProxy(proxy.http, "http://payments/"));
    for (const { status } of await Promise.all(calls)) expect(status).toBe(200);
    return (await connections()).every((count) => count > 0);
  });
  expect(await connections()).toHaveLength(2);

  proxy.write({ order: "leave" });
  await proxy.events.line(/"left"/);
  proxy.child.kill("SIGTERM");
  expect(await proxy.child.exited).toBe(0);
  await eventually(() => all.every(hasEnded));
}, 60_000);

test("its processes end with their parent's parent", async () => {
  await using dir = await tempDir();
  await keptState(dir, snapshotOf(outboundResources([])));
  using proxy = startWorkers(dir);
  await proxy.events.line(/"ready"/, 20_000);
  const all = proxy.processes();
  proxy.child.stdin.end();
  expect(await proxy.child.exited).toBe(0);
  await eventually(() => all.every(hasEnded));
}, 60_000);

test.each(["0", "-2", "two", "32"])("%s processes are refused", async (count) => {
  const words = [`--concurrency=${count}`];
  for (const command of [
    ["proxy", "--bootstrap", "-", ...words],
    ["run", "--name", "web", ...words, "--", "true"],
  ])
    expect(await runWeft(command)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining(
        `--concurrency ${count}: expected a whole number from 1 to 31`,
      ),
    });
});

test("the threads of an Envoy are not processes of ours", async () => {
  const words = ["--bootstrap", "-", "--engine", "envoy", "--concurrency", "2"];
  expect(await runWeft(["proxy", ...words])).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining("--concurrency is for Weft's own proxy"),
  });
});
