// The life of an Envoy beside a workload: what cannot be started, a new certificate, a dead agent, the end.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "node:tls";
import { type Caller, startCaller } from "../support/caller.ts";
import { envoyPath, withEnvoy } from "../support/envoy.ts";
import { eventually, eventuallyHolds } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { inboundOf, type Mesh, startMesh } from "../support/mesh.ts";
import { hasEnded } from "../support/process-tree.ts";
import { type Server, startServer } from "../support/server.ts";
import { writeShortLivedCa } from "../support/short-lived-ca.ts";
import { startSteadyLoad } from "../support/steady-load.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

const RENEWAL_MS = 12_000;
const LOAD_SECONDS = 20;

let directory: TempDir;
let mesh: Mesh;
let caller: Caller;
let server: Server;

beforeAll(async () => {
  directory = await tempDir();
  mesh = await startMesh();
  [server, caller] = await Promise.all([
    startServer(mesh, { name: "web", finishes: true, flags: withEnvoy() }),
    startCaller(mesh, ["--name", "client", "-n", "shop", ...withEnvoy()]),
  ]);
  await eventuallyHolds(async () => expect((await caller.call("http://web/")).status).toBe(200));
}, 60_000);

afterAll(async () => {
  await mesh?.[Symbol.asyncDispose]();
  await directory?.[Symbol.asyncDispose]();
});

/** Of the certificate that a fresh connection is shown. */
async function shownSerial(of: Mesh): Promise<string> {
  const { host, port } = inboundOf(await of.proxy("web"));
  const shown = Promise.withResolvers<string>();
  const options = { host, port, rejectUnauthorized: false, ALPNProtocols: ["istio"] };
  const socket = connect(options, () => {
    shown.resolve(socket.getPeerCertificate().serialNumber);
    socket.destroy();
  });
  socket.on("error", shown.reject);
  return await shown.promise;
}

/** Of the server's workload, by a word of their command lines. */
function processesOf(word: string): readonly number[] {
  return server.workload
    .processes()
    .filter((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").includes(word));
}

test("an Envoy serves its renewed certificate, and no request fails meanwhile", async () => {
  const caFiles = join(directory.path, "ca");
  writeShortLivedCa(caFiles, RENEWAL_MS);
  await using short = await startMesh(["--ca-files", caFiles]);
  const port = await freePort();
  const upstream = ["--upstream", `web.shop:80=${port}`];
  await Promise.all([
    startServer(short, { name: "web", flags: withEnvoy() }),
    short.run(["--name", "client", "-n", "shop", ...withEnvoy(), ...upstream], ["sleep", "60"]),
  ]);
  await eventuallyHolds(async () =>
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200),
  );
  const before = await shownSerial(short);
  await using load = startSteadyLoad({ port, rate: 200, seconds: LOAD_SECONDS, connections: 8 });
  await eventually(async () => (await shownSerial(short)) !== before, {
    deadlineMs: 2 * RENEWAL_MS,
    everyMs: 200,
  });
  const sent = 200 * LOAD_SECONDS;
  expect(await load.json(60_000)).toMatchObject({ sent, answered: sent, failed: 0, opened: 8 });
}, 90_000);

describe("an Envoy beside each of two workloads", () => {
  test("ends with its agent, and both are started again on the same ports", async () => {
    const [agent = 0] = processesOf("proxy");
    const [envoy = 0] = processesOf("--disable-hot-restart");
    const { addresses } = await mesh.proxy("web");
    process.kill(agent, "SIGKILL");
    await eventually(() => hasEnded(envoy));
    await eventuallyHolds(async () => expect((await caller.call("http://web/")).status).toBe(200), {
      deadlineMs: 20_000,
    });
    expect((await mesh.proxy("web")).addresses).toEqual(addresses);
    expect(processesOf("--disable-hot-restart")).not.toContain(envoy);
  }, 60_000);

  test("answers what is under way when its workload is told to end, and leaves nothing", async () => {
    const slow = caller.call("http://web/?sleepMs=1500");
    await eventuallyHolds(async () => {
      const { addresses } = await mesh.proxy("web");
      const stats = await fetch(`http://${addresses.admin}/stats?filter=downstream_rq_active`);
      expect(await stats.text()).toMatch(/^http\.inbound.*: 1$/m);
    });
    const all = server.workload.processes();
    server.workload.signal("SIGTERM");
    expect((await slow).status).toBe(200);
    await server.workload.exited;
    await eventually(() => all.every(hasEnded));
    await eventuallyHolds(async () =>
      expect((await mesh.proxies()).map(({ app }) => app)).toEqual(["client"]),
    );
  }, 60_000);
});

test("an Envoy that is not named is the one on PATH", async () => {
  const folder = join(directory.path, "bin");
  mkdirSync(folder);
  symlinkSync(envoyPath(), join(folder, "envoy"));
  const flags = ["--name", "found", "-n", "shop", "--engine", "envoy"];
  const env = { PATH: `${folder}:${process.env.PATH}` };
  const workload = await mesh.run(flags, ["sleep", "60"], { env });
  const { addresses } = await mesh.proxy("found");
  const info = await (await fetch(`http://${addresses.admin}/server_info`)).json();
  expect(info).toMatchObject({ state: "LIVE" });
  workload.signal("SIGTERM");
  await workload.exited;
}, 30_000);

describe("weft run --engine envoy says what is wrong", () => {
  const flags = ["--name", "job", "-n", "shop", "--engine", "envoy"];
  const program = (words: string): string => {
    const path = join(directory.path, `program-${crypto.randomUUID()}`);
    writeFileSync(path, `#!/bin/sh\n${words}\n`);
    chmodSync(path, 0o755);
    return path;
  };

  test("where there is no Envoy, and how to get one", async () => {
    const ended = await mesh.call([...flags, "--envoy-path", "/nowhere/envoy"], ["true"]);
    expect(ended).toMatchObject({ exitCode: 1, stdout: "" });
    expect(ended.stderr).toContain("/nowhere/envoy: no such program");
    expect(ended.stderr).toContain("docs/reference/engines.md");
  });

  test("where the file is something else", async () => {
    const ended = await mesh.call([...flags, "--envoy-path", program("echo hello")], ["true"]);
    expect(ended).toMatchObject({ exitCode: 1, stdout: "" });
    expect(ended.stderr).toContain("--version does not answer as Envoy does");
  });

  test("where the Envoy is too old", async () => {
    const old = program("echo 'envoy  version: 9e55/1.30.1/Clean/RELEASE/BoringSSL'");
    const ended = await mesh.call([...flags, "--envoy-path", old], ["true"]);
    expect(ended).toMatchObject({ exitCode: 1, stdout: "" });
    expect(ended.stderr).toContain("is Envoy 1.30.1: 1.39 or newer is needed");
  });

  test("where an Envoy does not start, with what it said", async () => {
    const broken = program(
      "[ \"$1\" = --version ] && exec echo 'envoy  version: 9e55/1.40.0/Clean/RELEASE/BoringSSL'\necho boom >&2; exit 3",
    );
    const ended = await mesh.call([...flags, "--envoy-path", broken], ["true"]);
    expect(ended).toMatchObject({ exitCode: 1, stdout: "" });
    expect(ended.stderr).toContain(`Envoy (${broken}) does not start: exit code 3`);
    expect(ended.stderr).toContain("proxy.log");
  }, 30_000);

  test("where a port carries what is not HTTP", async () => {
    const ended = await mesh.call([...flags, ...withEnvoy(), "--port", "5432/tcp"], ["true"]);
    expect(ended).toMatchObject({ exitCode: 1, stdout: "" });
    expect(ended.stderr).toContain("an Envoy carries http, http2, grpc to an application");
  });
});
