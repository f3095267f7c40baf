import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { type Mesh, startMesh } from "../support/mesh.ts";
import { startServer } from "../support/server.ts";
import { type Ended, runProgram } from "../support/spawn-weft.ts";

const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
const report = "%{http_code} %header{weft-error} %header{proxy-authenticate}";
const url = "http://web/";

let mesh: Mesh;
let proxyUrl: URL;
let upstream: string;

beforeAll(async () => {
  mesh = await startMesh();
  const localPort = await freePort();
  upstream = `http://127.0.0.1:${localPort}/`;
  const flags = ["--name", "me", "-n", "shop", "--upstream", `web.shop:80=${localPort}`];
  const [me] = await Promise.all([
    mesh.run(flags, ["sh", "-c", "echo $http_proxy; exec sleep 600"]),
    startServer(mesh, { name: "web" }),
  ]);
  proxyUrl = new URL((await me.stdout.line(/^http:/)).input);
  await eventually(async () => (await curl(["-x", proxyUrl.href, url])).stdout.startsWith("200"));
}, 60_000);

afterAll(() => mesh?.[Symbol.asyncDispose]());

/** Status and reason of a call; `as` is the command that changes the user. */
const curl = (args: readonly string[], as: readonly string[] = []): Promise<Ended> =>
  runProgram([...as, "curl", "-sS", "-m", "5", "-o", "/dev/null", "-w", report, ...args]);

const withoutSecret = () => `http://${proxyUrl.host}`;

describe("the ports where an application meets its proxy", () => {
  test("serve the workload's own user, with the secret of its run", async () => {
    expect((await curl(["-x", proxyUrl.href, url])).stdout).toStartWith("200");
    expect((await curl([upstream])).stdout).toStartWith("200");
  });

  test("refuse another user, even with the secret", async () => {
    const byProxy = await curl(["-x", proxyUrl.href, url], nobody);
    expect(byProxy.stdout).toStartWith("403 other-user; by=me");
    const byTunnel = await curl(["-p", "-x", proxyUrl.href, url], nobody);
    expect(byTunnel.stdout).not.toStartWith("200");
    const byUpstream = await curl([upstream], nobody);
    expect(byUpstream.stdout).toStartWith("403 other-user; by=me");
  });

  test.each([
    ["no secret", withoutSecret],
    ["a wrong secret", () => `http://weft:wrong@${proxyUrl.host}`],
    ["an empty secret", () => `http://weft:@${proxyUrl.host}`],
    ["the secret of another name", () => `http://root:${proxyUrl.password}@${proxyUrl.host}`],
    ["a part of the secret", () => `http://weft:${proxyUrl.password.slice(1)}@${proxyUrl.host}`],
  ])("answer 407 to %s", async (_, proxy) => {
    const plain = await curl(["-x", proxy(), url]);
    expect(plain.stdout).toStartWith("407 proxy-auth-required; by=me");
    expect(plain.stdout).toContain('Basic realm="weft"');
    const tunnel = await curl(["-p", "-x", proxy(), url]);
    expect(tunnel.stderr).toContain("407");
  });

  test("say nothing of the secret to the server", async () => {
    const { stdout } = await runProgram(["curl", "-sS", "-x", proxyUrl.href, `${url}headers`]);
    const seen = JSON.parse(stdout) as Record<string, string>;
    expect(seen["x-forwarded-client-cert"]).toContain("/sa/me");
    expect(Object.keys(seen)).not.toContain("proxy-authorization");
    const encoded = Buffer.from(`weft:${proxyUrl.password}`).toString("base64");
    expect(stdout).not.toContain(proxyUrl.password);
    expect(stdout).not.toContain(encoded);
  });
});

describe("weft check", () => {
  interface Finding {
    readonly id: string;
    readonly verdict: string;
    readonly details: readonly string[];
  }

  const finding = async (id: string): Promise<Finding> => {
    const { stdout } = await mesh.weft(["check", "-o", "json"]);
    const { categories } = JSON.parse(stdout) as { categories: { findings: Finding[] }[] };
    const found = categories.flatMap(({ findings }) => findings).find((each) => each.id === id);
    if (!found) throw new Error(`no check is called ${id}:\n${stdout}`);
    return found;
  };

  test("finds nothing to say about applications on loopback", async () => {
    const found = await finding("applications-on-loopback");
    expect(found).toMatchObject({ verdict: "good", details: [] });
  });

  test("warns about one that listens beyond, and names address and port", async () => {
    const open = await startServer(mesh, { name: "open", host: "0.0.0.0" });
    const { verdict, details } = await finding("applications-on-loopback");
    expect(verdict).toBe("warning");
    expect(details).toHaveLength(1);
    expect(details[0]).toContain(`shop/open-1 listens on 0.0.0.0:${open.port}`);
    const strict = await mesh.weft(["check", "--fail-on", "warning"]);
    expect(strict.exitCode).toBe(2);
    expect(strict.stdout).toContain("‼ no application can be reached around its proxy");
  }, 20_000);

  test("finds keys and state readable by their owner only", async () => {
    expect(await finding("keys-are-private")).toMatchObject({ verdict: "good" });
  });
});

test("nothing in the data directory can be read by others, but the roots that everybody may know", () => {
  expect(statSync(mesh.dataDir).mode & 0o777).toBe(0o700);
  const files = readdirSync(mesh.dataDir, { recursive: true, encoding: "utf8" });
  expect(files.some((file) => file.startsWith("proxies/shop/me-1/"))).toBe(true);
  const open = files.filter((file) => {
    const stat = statSync(join(mesh.dataDir, file));
    return !stat.isSocket() && (stat.mode & 0o777) !== (stat.isDirectory() ? 0o700 : 0o600);
  });
  expect(open).toEqual(["ca/root-cert.pem"]);
});
