// What VirtualService, DestinationRule and TrafficSplit do to requests, by Istio's and SMI's documents, on real proxies: one
// service for each rule, all of them in front of the same two workloads.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Echo, type EchoWorkload, startEcho } from "../support/echo-workload.ts";
import { eventually } from "../support/eventually.ts";
import { type Mesh, startMesh } from "../support/mesh.ts";
import { destinationRule, documents, service, virtualService } from "../support/mesh-objects.ts";
import { type ProxyClient, type ProxyRequest, startProxyClient } from "../support/proxy-client.ts";

let mesh: Mesh;
let web: ProxyClient;
let guest: ProxyClient;
let echoes: readonly EchoWorkload[];

const to = (subset: string) => ({ route: [{ destination: { host: "echo", subset } }] });
const [v1, v2] = [to("v1"), to("v2")];
const exact = (value: string) => ({ exact: value });
const prefix = (value: string) => ({ prefix: value });
const regex = (value: string) => ({ regex: value });

/** By service. */
const rules: Readonly<Record<string, readonly object[]>> = {
  order: [
    { match: [{ uri: prefix("/a") }], ...v2 },
    { match: [{ uri: exact("/a/b") }], ...v1 },
    v1,
  ],
  match: [
    { match: [{ uri: regex("/item/[0-9]+") }], ...v2 },
    { match: [{ uri: exact("/Case") }], ...v2 },
    { match: [{ uri: exact("/nocase"), ignoreUriCase: true }], ...v2 },
    { match: [{ method: exact("DELETE") }], ...v2 },
    { match: [{ headers: { "x-user": regex("a.*z") } }], ...v2 },
    { match: [{ uri: prefix("/there"), headers: { "x-there": {} } }], ...v2 },
    { match: [{ uri: prefix("/absent"), withoutHeaders: { "x-there": {} } }], ...v2 },
    { match: [{ queryParams: { q: exact("1") } }], ...v2 },
    { match: [{ uri: exact("/label"), sourceLabels: { app: "web" } }], ...v2 },
    { match: [{ uri: exact("/ns"), sourceNamespace: "guests" }], ...v2 },
    { match: [{ uri: exact("/both"), method: exact("PUT") }, { uri: exact("/either") }], ...v2 },
    v1,
  ],
  rewrite: [
    { match: [{ uri: prefix("/old/") }], rewrite: { uri: "/new/" }, ...v1 },
    { match: [{ uri: exact("/whole") }], rewrite: { uri: "/other", authority: "x.test" }, ...v1 },
    {
      match: [{ uri: prefix("/service/") }],
      rewrite: { uriRegexRewrite: { match: "^/service/([^/]+)(/.*)$", rewrite: "\\2/of/\\1" } },
      ...v1,
    },
  ],
  redirect: [
    { match: [{ uri: exact("/uri") }], redirect: { uri: "/elsewhere" } },
    { match: [{ uri: exact("/host") }], redirect: { authority: "new.test", redirectCode: 308 } },
    { match: [{ uri: exact("/tls") }], redirect: { scheme: "https", port: 8443 } },
    { match: [{ uri: exact("/tea") }], directResponse: { status: 418, body: { string: "tea" } } },
  ],
  headers: [
    {
      headers: {
        request: { set: { "x-set": "route" }, add: { "x-add": "route" }, remove: ["x-gone"] },
        response: { set: { "x-answer": "route" }, remove: ["x-from"] },
      },
      route: [
        {
          destination: { host: "echo", subset: "v1" },
          headers: {
            request: { set: { "x-mine": "destination" }, add: { "x-add": "destination" } },
            response: { add: { "x-more": "destination" } },
          },
        },
      ],
    },
  ],
  timeout: [{ timeout: "0.2s", ...v1 }],
  retry: [
    { match: [{ uri: prefix("/never") }], retries: { attempts: 0 }, ...v1 },
    { match: [{ uri: prefix("/5xx") }], retries: { attempts: 2, retryOn: "5xx" }, ...v1 },
    { match: [{ uri: prefix("/code") }], retries: { attempts: 1, retryOn: "503" }, ...v1 },
    { match: [{ uri: prefix("/reset") }], retries: { attempts: 2, retryOn: "reset" }, ...v1 },
    v1,
  ],
  weight: [
    {
      route: [
        { destination: { host: "echo", subset: "v1" }, weight: 0 },
        { destination: { host: "echo", subset: "v2" }, weight: 100 },
      ],
    },
  ],
  empty: [to("nobody-has-it")],
  missing: [to("not-there")],
};

const objects = [
  destinationRule("echo", {
    host: "echo",
    subsets: [
      { name: "v1", labels: { version: "v1" } },
      { name: "v2", labels: { version: "v2" } },
      { name: "nobody-has-it", labels: { version: "v9" } },
    ],
  }),
  ...Object.entries(rules).flatMap(([name, http]) => [
    service(name, { app: "echo" }),
    virtualService(name, { hosts: [name], http }),
  ]),
  service("split", { app: "echo" }),
  service("only-v1", { app: "echo", version: "v1" }),
  service("only-v2", { app: "echo", version: "v2" }),
  {
    apiVersion: "split.smi-spec.io/v1alpha2",
    kind: "TrafficSplit",
    metadata: { name: "split", namespace: "shop" },
    spec: {
      service: "split",
      backends: [
        { service: "only-v2", weight: 3 },
        { service: "only-v1", weight: 0 },
      ],
    },
  },
];

beforeAll(async () => {
  mesh = await startMesh();
  [web, guest, ...echoes] = await Promise.all([
    startProxyClient(mesh, ["--name", "web", "-n", "shop"]),
    startProxyClient(mesh, ["--name", "guest", "-n", "guests"]),
    startEcho(mesh, { name: "echo", version: "v1" }),
    startEcho(mesh, { name: "echo", version: "v2" }),
  ]);
  await mesh.apply(documents(objects));
  await eventually(async () => (await web.send("http://order/")).status === 200);
}, 60_000);

afterAll(async () => {
  for (const echo of echoes ?? []) await echo[Symbol.asyncDispose]();
  await mesh?.[Symbol.asyncDispose]();
});

async function echoOf(url: string, request?: ProxyRequest, from = web): Promise<Echo> {
  const { status, body } = await from.send(url, request);
  if (status !== 200) throw new Error(`${status} ${body}`);
  return JSON.parse(body) as Echo;
}
const values = ({ headers }: Echo, name: string) =>
  headers.filter(([field]) => field === name).map(([, value]) => value);

describe("routes", () => {
  test("are tried in order, and the first that matches decides", async () => {
    expect((await echoOf("http://order/a/b")).name).toBe("echo-v2");
    expect((await echoOf("http://order/b")).name).toBe("echo-v1");
  });

  const there = { lines: ["x-there:"] };
  type Case = readonly [what: string, request: () => Promise<Echo>, version: string];
  const cases: readonly Case[] = [
    ["a regular expression of the whole path", () => echoOf("http://match/item/42?x"), "v2"],
    ["a regular expression of a part", () => echoOf("http://match/item/42/x"), "v1"],
    ["an exact path", () => echoOf("http://match/Case?q=2"), "v2"],
    ["an exact path in another case", () => echoOf("http://match/case"), "v1"],
    ["a path whose case does not matter", () => echoOf("http://match/NoCase"), "v2"],
    ["a method", () => echoOf("http://match/", { method: "DELETE" }), "v2"],
    ["a header", () => echoOf("http://match/", { lines: ["X-User: a-to-z"] }), "v2"],
    ["a header's part", () => echoOf("http://match/", { lines: ["X-User: a-to-z!"] }), "v1"],
    ["a header that is there", () => echoOf("http://match/there", there), "v2"],
    ["a header that is missing", () => echoOf("http://match/there"), "v1"],
    ["a header that must be absent", () => echoOf("http://match/absent"), "v2"],
    ["a header that must be absent and is not", () => echoOf("http://match/absent", there), "v1"],
    ["a query parameter", () => echoOf("http://match/?p=2&q=1"), "v2"],
    ["a query parameter's part", () => echoOf("http://match/?q=12"), "v1"],
    ["the caller's label", () => echoOf("http://match/label"), "v2"],
    ["another caller's label", () => echoOf("http://match.shop/label", {}, guest), "v1"],
    ["the caller's namespace", () => echoOf("http://match.shop/ns", {}, guest), "v2"],
    ["one of two conditions of a block", () => echoOf("http://match/both"), "v1"],
    ["both conditions of a block", () => echoOf("http://match/both", { method: "PUT" }), "v2"],
    ["the other block", () => echoOf("http://match/either"), "v2"],
  ];
  test.each(cases)("by %s", async (_, request, version) => {
    expect((await request()).name).toBe(`echo-${version}`);
  });

  test("that match nothing end in a 404 of the proxy", async () => {
    const { status, headers } = await web.send("http://rewrite/none");
    expect(status).toBe(404);
    expect(headers["weft-error"]).toStartWith("no-route");
  });
});

describe("a rewrite", () => {
  test("replaces the prefix that matched, and keeps the query", async () => {
    expect((await echoOf("http://rewrite/old/thing?a=%2F")).path).toBe("/new/thing?a=%2F");
  });

  test("replaces a path that matched whole, and the authority", async () => {
    const echo = await echoOf("http://rewrite/whole?a=1");
    expect(echo.path).toBe("/other?a=1");
    expect(values(echo, "host")).toEqual(["x.test"]);
  });

  test("rearranges a path by a regular expression", async () => {
    expect((await echoOf("http://rewrite/service/foo/v1/api")).path).toBe("/v1/api/of/foo");
  });
});

describe("a route without a destination", () => {
  test.each([
    ["/uri?q=1", 301, "http://redirect/elsewhere?q=1"],
    ["/host", 308, "http://new.test/host"],
    ["/tls", 301, "https://redirect:8443/tls"],
  ])("redirects %s", async (path, status, location) => {
    const answer = await web.send(`http://redirect${path}`);
    expect(answer).toMatchObject({ status, headers: { location } });
  });

  test("answers by itself", async () => {
    expect(await web.send("http://redirect/tea")).toMatchObject({ status: 418, body: "tea" });
  });
});

test("headers are set, added and removed for the route and for its destination", async () => {
  const lines = ["X-Set: client", "X-Add: client", "X-Gone: client"];
  const { headers, body } = await web.send("http://headers/", { lines });
  const echo = JSON.parse(body) as Echo;
  expect(values(echo, "x-set")).toEqual(["route"]);
  expect(values(echo, "x-add").join().split(/, ?/).sort()).toEqual([
    "client",
    "destination",
    "route",
  ]);
  expect(values(echo, "x-gone")).toEqual([]);
  expect(values(echo, "x-mine")).toEqual(["destination"]);
  expect(headers).toMatchObject({ "x-answer": "route", "x-more": "destination" });
  expect(headers["x-from"]).toBeUndefined();
});

describe("a failing application", () => {
  test("that does not answer in time is a 504 that says whose timeout it was", async () => {
    const { status, headers } = await web.send("http://timeout/slow");
    expect(status).toBe(504);
    expect(headers["weft-error"]).toContain("timeout");
  });

  const seen = (path: string) => echoes[0]?.seen.get(path);
  test.each([
    ["/never/fail-1", 503, 1],
    ["/5xx/fail-2", 200, 3],
    ["/5xx/fail-9", 503, 3],
    ["/code/fail-1", 200, 2],
    ["/reset/fail-1", 503, 1],
    ["/by-default/fail-1", 503, 1],
  ])("is asked again as the route says: %s", async (path, status, times) => {
    expect((await web.send(`http://retry${path}`)).status).toBe(status);
    expect(seen(path)).toBe(times);
  });
});

describe("traffic", () => {
  test.each(["weight", "split"])("of weight 0 goes nowhere (%s)", async (name) => {
    const echoed = await Promise.all(Array.from({ length: 50 }, () => echoOf(`http://${name}/`)));
    expect(new Set(echoed.map((echo) => echo.name))).toEqual(new Set(["echo-v2"]));
  });

  test.each([
    ["a subset that nobody is in", "http://empty/", "no-healthy-upstream"],
    ["a subset that does not exist", "http://missing/", "cluster-not-found"],
  ])("to %s is a 503 that says so", async (_, url, code) => {
    const { status, headers } = await web.send(url);
    expect(status).toBe(503);
    expect(headers["weft-error"]).toStartWith(code);
  });
});
