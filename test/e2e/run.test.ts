import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { ownCommandLine } from "../../src/cli/own-command-line.ts";
import { type Caller, startCaller } from "../support/caller.ts";
import { eventually, eventuallyHolds } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { type Mesh, startMesh } from "../support/mesh.ts";
import { type Server, startServer } from "../support/server.ts";
import { runProgram, runWeft, spawnProgram } from "../support/spawn-weft.ts";
import { tempDir } from "../support/temp-dir.ts";
import { proxyOf } from "../support/workload-processes.ts";

const job = ["--name", "job", "-n", "shop"];
const nameIn = (body: string): string => JSON.parse(body).name;

let mesh: Mesh;
let caller: Caller;
let solo: Server;
let localPort: number;

beforeAll(async () => {
  mesh = await startMesh();
  localPort = await freePort();
  [caller, solo] = await Promise.all([
    startCaller(mesh, ["--name", "me", "-n", "shop", "--upstream", `solo.shop:80=${localPort}`]),
    startServer(mesh, { name: "solo" }),
    startServer(mesh, { name: "twin", calls: "castor" }),
    startServer(mesh, { name: "twin", calls: "pollux" }),
    startServer(mesh, { name: "billing", servicePort: 9090 }),
  ]);
  await eventuallyHolds(async () => {
    expect((await caller.call("http://solo/")).status).toBe(200);
    expect((await caller.call("http://billing:9090/")).status).toBe(200);
    expect(Object.keys((await caller.many("http://twin/", 30)).names)).toHaveLength(2);
  });
}, 60_000);

afterAll(() => mesh?.[Symbol.asyncDispose]());

describe("a command under weft run", () => {
  test("keeps its output and its exit code", async () => {
    const script = "echo to out; echo to err >&2; exit 7";
    const ended = await mesh.call(job, ["sh", "-c", script]);
    expect(ended).toEqual({ exitCode: 7, stdout: "to out\n", stderr: "to err\n" });
  }, 20_000);

  test("that a signal ended has 128 and the signal's number for an exit code", async () => {
    const ended = await mesh.call(job, ["sh", "-c", "kill -KILL $$"]);
    expect(ended.exitCode).toBe(137);
  }, 20_000);

  test.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)(
    "gets a %s that is sent to weft run, and nothing is left of either",
    async (signal) => {
      const trap = `trap 'echo got it; exit 9' ${signal.slice(3)}`;
      const script = `${trap}; echo up; while :; do sleep 0.05; done`;
      const program = await mesh.run(job, ["sh", "-c", script]);
      await program.stdout.line(/^up$/);
      program.signal(signal);
      expect(await program.exited).toBe(9);
      expect(program.stdout.text).toBe("up\ngot it\n");
      expect(program.processes()).toEqual([]);
    },
    20_000,
  );

  test("gets Ctrl-C from its terminal, once", async () => {
    await using directory = await tempDir();
    const keyboard = join(directory.path, "keyboard");
    const trap = "trap 'echo got it; exit 9' INT; echo up; while :; do sleep 0.05; done";
    const words = ownCommandLine(["run", "--data-dir", mesh.dataDir, ...job, "--", "sh", "-c"]);
    await runProgram(["mkfifo", keyboard]);
    await using keys = await open(keyboard, "r+"); // to read too, or it would wait for a reader
    await using terminal = spawnProgram([
      ...["sh", "-c", 'exec script -qefc "$1" /dev/null < "$0"', keyboard],
      ["exec", ...words, `"${trap}"`].join(" "), // some shells would stay, and get the Ctrl-C too
    ]);
    await terminal.stdout.line(/^up\s*$/);
    await keys.write("\x03");
    expect(await terminal.exited).toBe(9);
    expect(terminal.stdout.text.match(/got it/g)).toHaveLength(1);
    expect(terminal.processes()).toEqual([]);
  }, 20_000);

  test("that does not exist is an error that names it", async () => {
    const ended = await mesh.call(job, ["no-such-program"]);
    expect(ended.exitCode).toBe(1);
    expect(ended.stderr).toContain("weft: no-such-program: ");
  }, 20_000);

  test("has an account of its name, and a service when it has a port", async () => {
    const { stdout } = await mesh.kubectl(["get", "sa,svc,we", "-n", "shop", "-o", "name"]);
    const names = stdout.split("\n");
    expect(names).toContain("serviceaccount/me");
    expect(names).toContain("service/solo");
    expect(names).not.toContain("service/me");
    expect(names).toContain("workloadentry.networking.istio.io/twin-2");
  });
});

describe("without a control plane", () => {
  test("it says which directory it looked in and how to start one", async () => {
    await using directory = await tempDir();
    const flags = ["--data-dir", directory.path, "--name", "web"];
    const ended = await runWeft(["run", ...flags, "--", "true"]);
    expect(ended).toMatchObject({ exitCode: 1, stdout: "" });
    expect(ended.stderr).toContain(`no control plane has been started from ${directory.path}`);
    expect(ended.stderr).toContain("weft dev");
  });
});

describe("flags that make no sense", () => {
  test.each([
    [["--port", "5432/foo"], '--port 5432/foo: "foo" is no protocol'],
    [["--label", "x"], "--label x: expected KEY=VALUE"],
    [["--upstream", "foo"], "--upstream foo: expected a port"],
    [["--drain", "x"], "--drain x: expected seconds"],
    [["--address", "999.1.1.1"], "--address 999.1.1.1: expected an IP address"],
    [["--concurrency", "0"], "--concurrency 0: expected a whole number"],
  ])("%j are named before a control plane is looked for", async (flags, words) => {
    await using directory = await tempDir();
    const at = ["--data-dir", directory.path, "--name", "web"];
    const ended = await runWeft(["run", ...at, ...flags, "--", "true"]);
    expect(ended).toMatchObject({ exitCode: 1, stdout: "" });
    expect(ended.stderr).toStartWith(`weft: ${words}`);
  });
});

describe("a service", () => {
  test.each(["solo", "solo.shop", "solo.shop.svc", "solo.shop.svc.cluster.local"])(
    "is reached as %s, at port 80 and at the application's own",
    async (host) => {
      expect(nameIn((await caller.call(`http://${host}/`)).body)).toBe("solo");
      expect(nameIn((await caller.call(`http://${host}:${solo.port}/`)).body)).toBe("solo");
    },
  );

  test("is reached at a loopback port of the caller, without any variable", async () => {
    const { status, body } = await caller.call(`http://127.0.0.1:${localPort}/`);
    expect({ status, name: nameIn(body) }).toEqual({ status: 200, name: "solo" });
  });

  test("has instances on different ports under one name and port", async () => {
    const { names, statuses } = await caller.many("http://twin/", 400);
    expect(statuses).toEqual({ 200: 400 });
    expect(names.castor).toBeGreaterThan(100);
    expect(names.pollux).toBeGreaterThan(100);
  });

  test("with a port of its own is reached there only", async () => {
    expect((await caller.call("http://billing:9090/")).status).toBe(200);
    const wrong = await caller.call("http://billing/");
    expect(wrong.status).toBeGreaterThanOrEqual(400);
    expect(wrong.headers["weft-error"]).toContain("by=me");
  });

  test("of another namespace needs its namespace in the name", async () => {
    const stranger = await startCaller(mesh, ["--name", "stranger", "-n", "elsewhere"]);
    expect(nameIn((await stranger.call("http://solo.shop/")).body)).toBe("solo");
    const short = await stranger.call("http://solo/");
    expect(short.status).toBeGreaterThanOrEqual(400);
    expect(short.headers["weft-error"]).toContain("by=stranger");
  }, 20_000);
});

describe("programs of other languages call by name", () => {
  const flags = ["--name", "visitor", "-n", "shop"];

  test("Node, with node:http and with fetch", async () => {
    const program = join(import.meta.dir, "programs/node-calls.cjs");
    const script = `URL=http://solo/hello exec node ${program}`;
    const ended = await mesh.call(flags, ["sh", "-c", script]);
    expect(ended).toMatchObject({ exitCode: 0, stderr: "" });
    const { http, fetch } = JSON.parse(ended.stdout);
    expect([http.status, nameIn(http.body)]).toEqual([200, "solo"]);
    expect([fetch.status, nameIn(fetch.body)]).toEqual([200, "solo"]);
  }, 20_000);

  test("Python's urllib", async () => {
    const script =
      "import urllib.request; print(urllib.request.urlopen('http://solo/').read().decode())";
    const ended = await mesh.call(flags, ["python3", "-c", script]);
    expect(ended).toMatchObject({ exitCode: 0, stderr: "" });
    expect(nameIn(ended.stdout)).toBe("solo");
  }, 20_000);

  test("curl, whose path is put in order before a policy or a server sees it", async () => {
    await mesh.apply(denyOf("GET", "/secret"));
    const script = `
      curl -sS --path-as-is http://solo/a/../open
      echo
      curl -sS --path-as-is -o /dev/null -w '%{http_code}' http://solo/open/../secret
      curl -sS --path-as-is -o /dev/null -w ' %{http_code}' http://solo/%73ecret`;
    const ended = await mesh.call(flags, ["sh", "-c", script]);
    const [open = "", secret] = ended.stdout.split("\n");
    expect(JSON.parse(open).path).toBe("/open");
    expect(secret).toBe("403 403");
  }, 20_000);

  test("curl through CONNECT, with the policies and routes of plain calls", async () => {
    await mesh.apply(denyOf("GET", "/secret"));
    const script = `
      curl -sS -p http://solo/open
      echo
      curl -sS -p -o /dev/null -w '%{http_code} %header{weft-error}' http://solo/secret`;
    const ended = await mesh.call(flags, ["sh", "-c", script]);
    const [open = "", secret] = ended.stdout.split("\n");
    expect(nameIn(open)).toBe("solo");
    expect(secret).toStartWith("403 denied-by-policy; by=solo");
  }, 20_000);
});

describe("a proxy that is killed", () => {
  test("is started again on the same ports, and the application notices nothing", async () => {
    const before = await mesh.proxy("solo");
    const killed = proxyOf(solo.workload) ?? 0;
    process.kill(killed, "SIGKILL");
    await solo.workload.stderr.line(/ended \(SIGKILL\); starting it again on the same ports/);
    const after = await eventually(async () => {
      const found = (await mesh.proxies()).find(({ app }) => app === "solo");
      return found?.connectedAt === before.connectedAt ? undefined : found;
    });
    expect(after.addresses).toEqual(before.addresses);
    expect(proxyOf(solo.workload)).not.toBe(killed);
    const { statuses } = await caller.many("http://solo/", 50);
    expect(statuses).toEqual({ 200: 50 });
  }, 20_000);

  test("dies with its supervisor", async () => {
    const orphaned = await startServer(mesh, { name: "orphaned" });
    const proxy = proxyOf(orphaned.workload);
    expect(proxy).toBeDefined();
    orphaned.workload.signal("SIGKILL");
    await eventually(() => proxyOf(orphaned.workload) === undefined);
  }, 20_000);
});

const denyOf = (method: string, path: string): string => `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata:
  name: nobody
  namespace: shop
spec:
  selector:
    matchLabels:
      app: solo
  action: DENY
  rules:
    - to:
        - operation:
            methods: ["${method}"]
            paths: ["${path}"]
`;
