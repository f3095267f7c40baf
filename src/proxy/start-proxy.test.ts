import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "#core/clock.ts";
import { silentLog } from "#core/log.ts";
import { openListeningSocket } from "#net/listening-socket.ts";
import { backend } from "../../test/support/backend.ts";
import { eventually } from "../../test/support/eventually.ts";
import { keptState } from "../../test/support/kept-state.ts";
import { destination, endpoint, outboundResources } from "../../test/support/proxy-config.ts";
import { direct, freshIssuer, idOf, SECRET, viaProxy } from "../../test/support/running-plane.ts";
import { type TempDir, tempDir } from "../../test/support/temp-dir.ts";
import type { Bootstrap, ProxyEvent } from "./bootstrap.ts";
import { snapshotOf } from "./config/last-good.ts";
import { startProxy } from "./start-proxy.ts";

async function start(dir: TempDir, more: Partial<Bootstrap> = {}) {
  const names = ["http-proxy", "admin", "metrics"] as const;
  const sockets = names.map((name) => {
    const { fd, port } = openListeningSocket({ host: "127.0.0.1", port: 0 });
    return { name, fd, address: { host: "127.0.0.1", port } };
  });
  const [http, admin, metrics] = sockets.map(({ address }) => address);
  const events: ProxyEvent[] = [];
  const none = { host: "127.0.0.1", port: 0 };
  const proxy = await startProxy({
    bootstrap: {
      workload: {
        namespace: "shop",
        name: "web-1",
        app: "web",
        serviceAccount: "web",
        labels: { app: "web" },
        inbound: [],
        outbound: [{ kind: "http-proxy", address: http ?? none }],
        admin: admin ?? none,
        version: "test",
      },
      trustDomain: "cluster.local",
      stateDirectory: dir.path,
      secret: SECRET,
      sockets,
      drainMs: 1_000,
      ...more,
    },
    clock: systemClock,
    random: Math.random,
    log: silentLog,
    peerUid: () => process.getuid?.(),
    ownUid: process.getuid?.() ?? 0,
    onEvent: (event) => events.push(event),
  });
  const port = (address: { readonly port: number } | undefined) => address?.port ?? 0;
  return { proxy, events, http: port(http), admin: port(admin), metrics: port(metrics) };
}

/** A control plane that nobody answers for. */
async function nobody(): Promise<Partial<Bootstrap>> {
  const closed = openListeningSocket({ host: "127.0.0.1", port: 0 });
  closed.close();
  const address = { host: "127.0.0.1", port: closed.port };
  return {
    controlPlane: { address, roots: freshIssuer().root.pem, serverName: "istiod" },
    token: "t",
  };
}

test("with the control plane gone, a proxy serves from what it kept within two seconds", async () => {
  await using dir = await tempDir();
  await using server = await backend();
  await keptState(
    dir,
    snapshotOf(outboundResources([destination("payments", [endpoint(server.port)])])),
  );
  const started = performance.now();
  const { proxy, events, http, admin, metrics } = await start(dir, await nobody());
  await eventually(() => events.length > 0);
  expect(performance.now() - started).toBeLessThan(2_000);
  expect(events).toEqual([{ event: "ready", source: "last-good" }]);
  expect((await viaProxy(http, "http://payments/")).status).toBe(200);

  expect(await direct(admin, "/ready")).toMatchObject({ status: 200, body: "LIVE\n" });
  expect(JSON.parse((await direct(admin, "/config_dump")).body).cluster[0].name).toBe("payments");
  const certs = (await direct(admin, "/certs")).body;
  expect(certs).toContain(idOf("web"));
  expect(certs).not.toContain("PRIVATE");
  expect((await direct(admin, "/clusters")).body).toContain(
    `payments::127.0.0.1:${server.port}::rq_active::0`,
  );
  expect((await direct(metrics, "/stats/prometheus")).body).toContain("istio_requests_total{");
  expect((await direct(metrics, "/config_dump")).status).toBe(404);
  await proxy[Symbol.asyncDispose]();
});

describe("the admin address", () => {
  test("refuses names that a web page could point here, and writes", async () => {
    await using dir = await tempDir();
    await keptState(dir, snapshotOf(outboundResources([])));
    const { proxy, admin } = await start(dir);
    const rebound = await direct(admin, "/config_dump", { headers: { host: "evil.example" } });
    expect(rebound.status).toBe(403);
    expect((await direct(admin, "/ready", { method: "POST" })).status).toBe(405);
    await proxy[Symbol.asyncDispose]();
  });
});

test("a damaged state file is not used, and without a control plane that is said", async () => {
  await using dir = await tempDir();
  await keptState(dir, snapshotOf(outboundResources([])));
  writeFileSync(join(dir.path, "identity"), "weft-state 1 sha256:00\n{}");
  const { proxy, events } = await start(dir);
  await eventually(() => events.length > 0);
  expect(events).toEqual([
    { event: "fatal", code: "internal", message: "there is no control plane to ask" },
  ]);
  await proxy[Symbol.asyncDispose]();
});

test("a proxy without an identity waits for its control plane and says so", async () => {
  await using dir = await tempDir();
  const { proxy, events, admin } = await start(dir, await nobody());
  const ready = await direct(admin, "/ready");
  expect(ready).toMatchObject({ status: 503, body: "not ready: waiting for an identity\n" });
  expect(events).toEqual([]);
  await proxy[Symbol.asyncDispose]();
});
