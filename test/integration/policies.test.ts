// What PeerAuthentication and AuthorizationPolicy let through, by Istio's documents, on real proxies. Each policy has a part of
// one workload's paths to itself; `vault` has an ALLOW policy, with which everything else is refused.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type EchoWorkload, startEcho } from "../support/echo-workload.ts";
import { eventually } from "../support/eventually.ts";
import { inboundOf, type Mesh, startMesh } from "../support/mesh.ts";
import { authorizationPolicy, documents, peerAuthentication } from "../support/mesh-objects.ts";
import {
  type ProxyAnswer,
  type ProxyClient,
  type ProxyRequest,
  sendRaw,
  startProxyClient,
} from "../support/proxy-client.ts";

let mesh: Mesh;
let web: ProxyClient;
let guest: ProxyClient;
let echoes: readonly EchoWorkload[];

const toApp = (app: string) => ({ selector: { matchLabels: { app } } });
const deny = (name: string, ...rules: readonly object[]) =>
  authorizationPolicy(name, { ...toApp("echo"), action: "DENY", rules });
const path = (...paths: readonly string[]) => ({ to: [{ operation: { paths } }] });
const when = (key: string, ...values: readonly string[]) => ({ when: [{ key, values }] });

const objects = [
  peerAuthentication("echo", { ...toApp("echo"), mtls: { mode: "PERMISSIVE" } }),
  peerAuthentication("vault", { ...toApp("vault"), mtls: { mode: "STRICT" } }),
  deny("paths", path("/exact", "/pre/*", "*/suf", "/t/{*}/end", "/all/{**}")),
  deny("not-paths", { to: [{ operation: { paths: ["/only/*"], notPaths: ["/only/this"] } }] }),
  deny("methods", { to: [{ operation: { paths: ["/method"], methods: ["PUT"] } }] }),
  deny("hosts", { to: [{ operation: { paths: ["/host"], hosts: ["ECHO", "echo:*"] } }] }),
  deny("headers", { ...path("/header"), ...when("request.headers[X-Role]", "admin*") }),
  deny("not-header", {
    ...path("/unless"),
    when: [{ key: "request.headers[x-role]", notValues: ["admin"] }],
  }),
  deny("namespace", { ...path("/ns"), from: [{ source: { namespaces: ["guests"] } }] }),
  deny("principal", {
    ...path("/who"),
    from: [{ source: { notPrincipals: ["cluster.local/ns/shop/sa/web"] } }],
  }),
  deny("plain", { ...path("/identified"), from: [{ source: { notPrincipals: ["*"] } }] }),
  authorizationPolicy("vault", {
    ...toApp("vault"),
    action: "ALLOW",
    rules: [
      {
        from: [{ source: { principals: ["cluster.local/ns/shop/sa/web"] } }],
        to: [{ operation: { methods: ["GET"], paths: ["/open/*"] } }],
      },
      { from: [{ source: { namespaces: ["guests"] } }], ...path("/for-guests") },
    ],
  }),
  authorizationPolicy("vault-deny", {
    ...toApp("vault"),
    action: "DENY",
    rules: [path("/open/but-not-this")],
  }),
];

beforeAll(async () => {
  mesh = await startMesh();
  [web, guest, ...echoes] = await Promise.all([
    startProxyClient(mesh, ["--name", "web", "-n", "shop"]),
    startProxyClient(mesh, ["--name", "guest", "-n", "guests"]),
    startEcho(mesh, { name: "echo" }),
    startEcho(mesh, { name: "vault" }),
  ]);
  await mesh.apply(documents(objects));
  await eventually(async () => (await web.send("http://vault/open/")).status === 200);
  await eventually(async () => (await guest.send("http://echo.shop/")).status === 200);
}, 60_000);

afterAll(async () => {
  for (const echo of echoes ?? []) await echo[Symbol.asyncDispose]();
  await mesh?.[Symbol.asyncDispose]();
});

/** To the workload's inbound port, not by way of a proxy of the caller. */
const plain = async (app: string, target: string): Promise<ProxyAnswer> =>
  sendRaw(inboundOf(await mesh.proxy(app)).port, target, { lines: [`Host: ${app}`] });

const admin = { lines: ["X-Role: administrator"] };
const put = { method: "PUT" };
type Case = readonly [url: string, request: ProxyRequest, status: number];

describe("a DENY policy", () => {
  const cases: readonly Case[] = [
    ["http://echo/exact", {}, 403],
    ["http://echo/exact?query=1", {}, 403],
    ["http://echo/exactly", {}, 200],
    ["http://echo/EXACT", {}, 200],
    ["http://echo/pre/anything/below", {}, 403],
    ["http://echo/pre", {}, 200],
    ["http://echo/any/suf", {}, 403],
    ["http://echo/any/suffix", {}, 200],
    ["http://echo/t/one/end", {}, 403],
    ["http://echo/t/one/two/end", {}, 200],
    ["http://echo/all/one/two", {}, 403],
    ["http://echo/only/that", {}, 403],
    ["http://echo/only/this", {}, 200],
    ["http://echo/method", {}, 200],
    ["http://echo/method", put, 403],
    ["http://echo/host", {}, 403],
    ["http://echo.shop/host", {}, 200],
    ["http://echo/header", {}, 200],
    ["http://echo/header", admin, 403],
    ["http://echo/unless", {}, 403],
    ["http://echo/unless", { lines: ["x-role: admin"] }, 200],
    ["http://echo/ns", {}, 200],
    ["http://echo/who", {}, 200],
  ];
  test.each(cases)("decides on %s %j: %d", async (url, request, status) => {
    expect((await web.send(url, request)).status).toBe(status);
  });

  test.each(["/ns", "/who"])("tells callers apart at %s", async (at) => {
    const { status, headers, body } = await guest.send(`http://echo.shop${at}`);
    expect(status).toBe(403);
    expect(headers["weft-error"]).toStartWith("denied-by-policy");
    expect(body).toContain(at === "/ns" ? "namespace" : "principal");
  });

  const spellings = ["/./exact", "/x/../exact", "/%65xact", "/x/%2e%2e/exact", "/x\\..\\exact"];
  test.each(spellings)("cannot be passed by another spelling of its path: %s", async (at) => {
    expect((await web.send(`http://echo${at}`)).status).toBe(403);
    expect((await plain("echo", at)).status).toBe(403);
  });

  test.each(["//exact", "/exact/", "/exact;v=1", "/%2565xact", "/exact%2F"])(
    "does not apply to another path, which is forwarded as it is: %s",
    async (at) => {
      const { status, body } = await plain("echo", at);
      expect(status).toBe(200);
      expect(JSON.parse(body)).toMatchObject({ path: at });
    },
  );

  test.each(["/exact%00", "/exact#part", "/exact\t"])(
    "meets no path that is none: %j",
    async (at) => {
      expect((await plain("echo", at)).status).toBe(400);
    },
  );

  test("cannot be passed by several lines of its header", async () => {
    const lines = ["X-Role: admin", "x-role: admin"];
    expect((await web.send("http://echo/header", { lines })).status).toBe(403);
    expect((await web.send("http://echo/unless", { lines })).status).toBe(403);
  });
});

describe("an ALLOW policy", () => {
  test("lets its callers do what it says, and nothing else", async () => {
    const cases: readonly Case[] = [
      ["http://vault/open/x", {}, 200],
      ["http://vault/open/x", put, 403],
      ["http://vault/shut", {}, 403],
      ["http://vault/for-guests", {}, 403],
    ];
    for (const [url, request, status] of cases)
      expect([url, (await web.send(url, request)).status]).toEqual([url, status]);
    expect((await guest.send("http://vault.shop/for-guests")).status).toBe(200);
    expect((await guest.send("http://vault.shop/open/x")).status).toBe(403);
  });

  test("gives way to DENY", async () => {
    expect((await web.send("http://vault/open/but-not-this")).status).toBe(403);
  });
});

describe("a caller in plaintext, past every proxy of its own", () => {
  test("is served under PERMISSIVE, as nobody", async () => {
    expect((await plain("echo", "/")).status).toBe(200);
    expect((await plain("echo", "/identified")).status).toBe(403);
    expect((await web.send("http://echo/identified")).status).toBe(200);
  });

  test("is refused under STRICT", async () => {
    const { status, headers } = await plain("vault", "/open/x");
    expect(status).toBe(403);
    expect(headers["weft-error"]).toStartWith("tls-required");
  });
});
