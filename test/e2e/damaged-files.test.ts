// A file of state that is cut, flipped or overwritten: what reads it says so and goes on, or ends with a clear error and
// leaves every byte as it was.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Caller, startCaller } from "../support/caller.ts";
import { type Damage, damage, damages } from "../support/damage.ts";
import { eventually } from "../support/eventually.ts";
import { type Mesh, startMesh } from "../support/mesh.ts";
import { startServer } from "../support/server.ts";
import { type Ended, runWeft, type Spawned } from "../support/spawn-weft.ts";
import { tempDir } from "../support/temp-dir.ts";
import { proxyOf } from "../support/workload-processes.ts";

const every = Object.keys(damages) as readonly Damage[];

describe("a proxy's state", () => {
  let mesh: Mesh;
  let caller: Caller;

  beforeAll(async () => {
    mesh = await startMesh();
    caller = await startCaller(mesh, ["--name", "me", "-n", "shop"]);
  }, 60_000);

  afterAll(() => mesh?.[Symbol.asyncDispose]());

  /** One that has answered, and where it keeps its state. */
  const serving = async (name: string) => {
    const { workload } = await startServer(mesh, { name });
    await eventually(async () => (await caller.call(`http://${name}/`)).status === 200);
    return { workload, directory: join(mesh.dataDir, "proxies/shop", `${name}-1`) };
  };

  /** The proxy that is killed has no time to write the file once more. */
  const damageAndKill = async (workload: Spawned, file: string, how: Damage): Promise<void> => {
    const killed = proxyOf(workload) ?? 0;
    process.kill(killed, "SIGSTOP");
    damage(file, how);
    process.kill(killed, "SIGKILL");
    await eventually(() => ![undefined, killed].includes(proxyOf(workload)));
  };

  describe.each(["config", "identity"])("in its file %s", (name) => {
    test.each(every)(
      "that %s is told of and fetched anew",
      async (how) => {
        const app = `${name}-${how.replaceAll(" ", "-")}`;
        const { workload, directory } = await serving(app);
        const file = join(directory, name);
        const log = join(directory, "proxy.log");
        await eventually(() => isWhole(file));
        const before = readFileSync(log).length;
        await damageAndKill(workload, file, how);
        await eventually(async () => (await caller.call(`http://${app}/`)).status === 200);
        expect(readFileSync(log).subarray(before).toString()).toContain(file);
        await eventually(() => isWhole(file));
      },
      20_000,
    );
  });

  const isWhole = (file: string): boolean =>
    existsSync(file) && readFileSync(file, "latin1").startsWith("weft-state 1 sha256:");

  test("that does not hold a configuration any more waits for the control plane, and then serves", async () => {
    const { workload, directory } = await serving("waiting");
    await eventually(() => isWhole(join(directory, "config")));
    mesh.controlPlane.signal("SIGKILL");
    await mesh.controlPlane.exited;
    await damageAndKill(workload, join(directory, "config"), "is cut");
    await eventually(() =>
      readFileSync(join(directory, "proxy.log"), "utf8").includes(join(directory, "config")),
    );
    await mesh.startControlPlane();
    await eventually(async () => (await caller.call("http://waiting/")).status === 200, {
      deadlineMs: 20_000,
    });
  }, 40_000);

  test("in its file of ports is forgotten by the next start, which finds others", async () => {
    const { workload, directory } = await serving("moving");
    workload.signal("SIGTERM");
    await workload.exited;
    writeFileSync(join(directory, "ports.json"), '{"http-proxy": "x", "admin":');
    await serving("moving");
  }, 20_000);
});

describe("the control plane's state", () => {
  /** A directory as a control plane leaves it that has something stored. */
  const used = async () => {
    const mesh = await startMesh();
    const { exitCode } = await mesh.call(["--name", "job", "-n", "shop"], ["true"]); // its token is spent
    expect(exitCode).toBe(0);
    mesh.controlPlane.signal("SIGTERM");
    await mesh.controlPlane.exited;
    return mesh;
  };

  const start = (dataDir: string): Promise<Ended> =>
    runWeft(["dev", "--data-dir", dataDir, "--port", "0", "-o", "json"]);

  const bytesOf = (folder: string) =>
    Object.fromEntries(
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => [
          name,
          Bun.hash(readFileSync(join(parentPath, name))).toString(),
        ]),
    );

  test.each([
    ["store", "is cut"],
    ["store", "is garbage"],
    ["store", "is of another kind"],
    ["ca/root-ca.pem", "is empty"],
    ["ca/root-ca.pem", "is cut"],
    ["ca/root-ca.pem", "is garbage"],
    ["ca/root-ca.pem", "has a flipped bit"],
    ["tokens/signing-key.pem", "is cut"],
    ["tokens/signing-key.pem", "is garbage"],
    ["tokens/redeemed", "is of another kind"],
  ] as const)(
    "in %s that %s ends the start with an error that names it, and no byte is changed",
    async (name, how) => {
      await using mesh = await used();
      const file = join(mesh.dataDir, name);
      damage(file, how);
      const before = bytesOf(mesh.dataDir);
      const { exitCode, stdout, stderr } = await start(mesh.dataDir);
      expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
      expect(stderr).toContain(file);
      expect(stderr).not.toContain("bug in Weft");
      expect(bytesOf(mesh.dataDir)).toEqual(before);
    },
    20_000,
  );

  test("from before a crash, with half a transaction behind it, is what was acknowledged", async () => {
    await using mesh = await startMesh();
    expect((await mesh.kubectl(["create", "namespace", "shop"])).exitCode).toBe(0);
    mesh.controlPlane.signal("SIGKILL");
    await mesh.controlPlane.exited;
    const log = join(mesh.dataDir, "store-wal");
    const whole = readFileSync(log);
    writeFileSync(log, Buffer.concat([whole, crypto.getRandomValues(new Uint8Array(3_000))]));
    await mesh.startControlPlane();
    expect((await mesh.kubectl(["get", "namespace", "shop"])).exitCode).toBe(0);
  }, 20_000);
});

describe("what commands read", () => {
  test.each(["", "{", "{}", '{"apiUrl": 7}', "null", '{"apiUrl": "https://x", "roots": 1}'])(
    "an announcement of %p is an error that says what to do",
    async (text) => {
      await using directory = await tempDir();
      const file = join(directory.path, "control-plane.json");
      writeFileSync(file, text, { mode: 0o600 });
      for (const command of [["proxies"], ["run", "--name", "web", "--", "true"]]) {
        const [name = "", ...rest] = command;
        const ended = await runWeft([name, "--data-dir", directory.path, ...rest]);
        expect(ended).toMatchObject({ exitCode: 1, stdout: "" });
        expect(ended.stderr).toContain(`${file} is damaged`);
        expect(ended.stderr).toContain("weft dev");
        expect(ended.stderr).not.toContain("bug in Weft");
      }
    },
  );

  test("a kubeconfig that is damaged is written anew by the next start", async () => {
    await using mesh = await startMesh();
    damage(mesh.kubeconfig, "is garbage");
    expect((await mesh.kubectl(["get", "namespaces"])).exitCode).toBe(1);
    mesh.controlPlane.signal("SIGTERM");
    await mesh.controlPlane.exited;
    await mesh.startControlPlane();
    expect((await mesh.kubectl(["get", "namespaces"])).exitCode).toBe(0);
  }, 20_000);
});
