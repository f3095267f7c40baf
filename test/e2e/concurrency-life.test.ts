// The life of a proxy with several processes: a new certificate, a new program, the end.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "node:tls";
import { testCa } from "../support/certificates.ts";
import { eventually, eventuallyHolds } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { inboundOf, type Mesh, startMesh } from "../support/mesh.ts";
import { hasEnded } from "../support/process-tree.ts";
import { type Server, startServer } from "../support/server.ts";
import type { Spawned } from "../support/spawn-weft.ts";
import { startSteadyLoad } from "../support/steady-load.ts";
import { tempDir } from "../support/temp-dir.ts";

const WORKERS = 2;
let mesh: Mesh;
let client: Spawned;
let server: Server;
let port: number;

beforeAll(async () => {
  mesh = await startMesh();
  port = await freePort();
  const concurrency = ["--concurrency", `${WORKERS}`];
  [server, client] = await Promise.all([
    startServer(mesh, { name: "web", flags: concurrency }),
    mesh.run(
      ["--name", "client", "-n", "shop", ...concurrency, "--upstream", `web.shop:80=${port}`],
      ["sleep", "3600"],
    ),
  ]);
  await eventuallyHolds(async () => {
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
  });
}, 60_000);

afterAll(() => mesh?.[Symbol.asyncDispose]());

test("all processes are replaced on their sockets, and no request fails", async () => {
  await using load = startSteadyLoad({ port, rate: 300, seconds: 10, connections: 16 });
  for (const workload of [client, server.workload, client]) {
    const said = workload.stderr.text.length;
    workload.signal("SIGUSR2");
    await eventually(() => workload.stderr.text.slice(said).includes("has taken over"));
  }
  const result = await load.json(60_000);
  expect(result).toMatchObject({ sent: 3_000, answered: 3_000, failed: 0, failures: [] });
  expect((await mesh.proxies()).filter(({ app }) => app === "web")).toHaveLength(1);
}, 90_000);

test("Ctrl-C leaves no process behind, and the proxy is gone from the mesh", async () => {
  for (const { signal, exited, processes } of [client, server.workload]) {
    const all = processes();
    expect(all.length).toBeGreaterThanOrEqual(2 + WORKERS);
    signal("SIGINT");
    await exited;
    await eventually(() => all.every(hasEnded));
    expect(processes()).toEqual([]);
  }
  await eventuallyHolds(async () => expect(await mesh.proxies()).toEqual([]));
}, 60_000);

/** Which certificate a fresh connection (to one worker or the other, as it happens) to the server's proxy is shown. */
function shownSerial(at: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const asPeer = { ALPNProtocols: ["istio"], rejectUnauthorized: false }; // else it is the application's own TLS
    const socket = connect({ port: at, host: "127.0.0.1", ...asPeer }, () => {
      resolve(socket.getPeerCertificate().serialNumber);
      socket.destroy();
    });
    socket.on("error", reject);
  });
}

/** A workload certificate lives as long as this CA, which is young: half of its life is over after so long. */
const RENEWAL_MS = 20_000;

function writeShortLivedCa(folder: string): void {
  const nowMs = Date.now();
  const root = testCa({ notBeforeMs: nowMs - 3_600_000, notAfterMs: nowMs + 3_600_000 });
  const window = { notBeforeMs: nowMs - RENEWAL_MS, notAfterMs: nowMs + 3 * RENEWAL_MS };
  const ca = testCa({ issuer: root, name: "short", ...window });
  mkdirSync(folder);
  writeFileSync(join(folder, "root-cert.pem"), root.pem);
  writeFileSync(join(folder, "ca-cert.pem"), ca.pem);
  writeFileSync(join(folder, "cert-chain.pem"), ca.pem);
  const key = ca.privateKey.export({ type: "pkcs8", format: "pem" });
  writeFileSync(join(folder, "ca-key.pem"), key, { mode: 0o600 });
}

test("every worker shows the same certificate, and the new one when it is renewed", async () => {
  await using directory = await tempDir();
  const caFiles = join(directory.path, "ca");
  writeShortLivedCa(caFiles);
  await using mesh = await startMesh(["--ca-files", caFiles]);
  await startServer(mesh, { name: "web", flags: ["--concurrency", `${WORKERS}`] });
  const { port: inbound } = inboundOf(await mesh.proxy("web"));
  const shown = await Promise.all(Array.from({ length: 30 }, () => shownSerial(inbound)));
  expect(new Set(shown).size).toBe(1);
  await eventually(async () => (await shownSerial(inbound)) !== shown[0], {
    deadlineMs: 3 * RENEWAL_MS,
  });
  await eventuallyHolds(async () => {
    const renewed = await Promise.all(Array.from({ length: 30 }, () => shownSerial(inbound)));
    expect(new Set(renewed).size).toBe(1);
    expect(renewed).not.toContain(shown[0] ?? "");
  });
}, 60_000);
