// Which services, rules and ports a caller sees, and how it reaches them: exportTo, tiers of DestinationRules, ServiceEntry,
// MeshConfig and PeerAuthentication by port, by Istio's documents, on real proxies.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Echo, type EchoWorkload, startEcho } from "../support/echo-workload.ts";
import { eventually } from "../support/eventually.ts";
import { type Mesh, startMesh } from "../support/mesh.ts";
import {
  authorizationPolicy,
  destinationRule,
  documents,
  peerAuthentication,
  service,
  serviceEntry,
  virtualService,
  type WrittenObject,
} from "../support/mesh-objects.ts";
import { type ProxyClient, sendRaw, startProxyClient } from "../support/proxy-client.ts";

let mesh: Mesh;
let web: ProxyClient;
let guest: ProxyClient;
let echoes: readonly EchoWorkload[];
let outside: EchoWorkload;

const version = (version: string) => ({ name: "chosen", labels: { version } });
const chosen = (host: string) => ({ destination: { host, subset: "chosen" } });
const answered = (value: string) => ({ headers: { response: { set: { "x-route": value } } } });
const to = (host: string) => ({ route: [{ destination: { host } }] });

const objects = (external: number): readonly WrittenObject[] => [
  ...["tiers", "private", "marked"].map((name) => service(name, { app: "echo" })),
  virtualService("tiers", { hosts: ["tiers"], http: [{ route: [chosen("tiers")] }] }),
  destinationRule("tiers", { host: "tiers", subsets: [version("v1")] }),
  destinationRule(
    "of-the-caller",
    { host: "tiers.shop.svc.cluster.local", subsets: [version("v2")] },
    "guests",
  ),
  virtualService("private", { hosts: ["private"], http: [{ route: [chosen("private")] }] }),
  destinationRule("private", { host: "private", exportTo: ["."], subsets: [version("v1")] }),
  virtualService("marked", {
    hosts: ["marked"],
    exportTo: ["."],
    http: [{ ...answered("shop"), ...to("marked") }],
  }),
  serviceEntry("static", {
    hosts: ["static.test"],
    ports: [{ number: 80, name: "http", protocol: "HTTP", targetPort: external }],
    resolution: "STATIC",
    location: "MESH_EXTERNAL",
    endpoints: [{ address: "127.0.0.1" }],
  }),
  virtualService("static", {
    hosts: ["static.test"],
    http: [{ ...answered("static"), ...to("static.test") }],
  }),
  serviceEntry("by-name", {
    hosts: ["by-name.test"],
    ports: [{ number: 8080, name: "http", protocol: "HTTP" }],
    resolution: "DNS",
    endpoints: [{ address: "localhost", ports: { http: external } }],
  }),
  serviceEntry("as-called", {
    hosts: ["localhost"],
    ports: [{ number: external, name: "http", protocol: "HTTP" }],
    resolution: "NONE",
  }),
  serviceEntry("inside", {
    hosts: ["inside.test"],
    ports: [{ number: 80, name: "http", protocol: "HTTP" }],
    resolution: "STATIC",
    location: "MESH_INTERNAL",
    workloadSelector: { labels: { app: "echo" } },
  }),
  authorizationPolicy("port", {
    selector: { matchLabels: { app: "ports" } },
    action: "DENY",
    rules: [{ to: [{ operation: { paths: ["/port"], ports: [`${external}`] } }] }],
  }),
];

const meshConfig = (spec: object): string =>
  JSON.stringify({
    apiVersion: "weft.dev/v1",
    kind: "MeshConfig",
    metadata: { name: "default" },
    spec,
  });

beforeAll(async () => {
  mesh = await startMesh();
  [web, guest, outside, ...echoes] = await Promise.all([
    startProxyClient(mesh, ["--name", "web", "-n", "shop"]),
    startProxyClient(mesh, ["--name", "guest", "-n", "guests"]),
    startEcho(mesh, { name: "other", namespace: "elsewhere" }),
    startEcho(mesh, { name: "echo", version: "v1" }),
    startEcho(mesh, { name: "echo", version: "v2" }),
  ]);
  const { port } = outside;
  echoes = [...echoes, await startEcho(mesh, { name: "ports", flags: ["--port", `81:${port}`] })];
  await mesh.apply(documents(objects(port)));
  await eventually(async () => (await web.send("http://static.test/")).status === 200);
}, 60_000);

afterAll(async () => {
  for (const echo of [...(echoes ?? []), outside]) await echo?.[Symbol.asyncDispose]();
  await mesh?.[Symbol.asyncDispose]();
});

const namesOf = async (client: ProxyClient, url: string): Promise<readonly string[]> => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => client.send(url)));
  return [...new Set(answers.map(({ body }) => (JSON.parse(body) as Echo).name))].sort();
};

describe("a DestinationRule", () => {
  test("of the caller's namespace comes before that of the service's", async () => {
    expect(await namesOf(web, "http://tiers/")).toEqual(["echo-v1"]);
    expect(await namesOf(guest, "http://tiers.shop/")).toEqual(["echo-v2"]);
  });

  test("that is not exported is not there for others", async () => {
    expect(await namesOf(web, "http://private/")).toEqual(["echo-v1"]);
    const { status, headers } = await guest.send("http://private.shop/");
    expect(status).toBe(503);
    expect(headers["weft-error"]).toStartWith("cluster-not-found");
  });
});

describe("a VirtualService", () => {
  test("that is not exported leaves others with the plain service", async () => {
    expect((await web.send("http://marked/")).headers["x-route"]).toBe("shop");
    const answer = await guest.send("http://marked.shop/");
    expect(answer.status).toBe(200);
    expect(answer.headers["x-route"]).toBeUndefined();
  });

  test("for a host that has one is refused, and the first is named", async () => {
    const second = virtualService("second", { hosts: ["marked"], http: [to("marked")] });
    const { exitCode, stderr } = await mesh.weft(["apply", "-f", "-"], documents([second]));
    expect(exitCode).toBe(1);
    expect(stderr).toContain("shop/marked");
  });
});

describe("a ServiceEntry", () => {
  test("with addresses is reached in plaintext, and routed like any other service", async () => {
    const { status, headers, body } = await web.send("http://static.test/x");
    expect({ status, route: headers["x-route"] }).toEqual({ status: 200, route: "static" });
    expect(JSON.parse(body)).toMatchObject({ name: "other", path: "/x" });
  });

  test("with a name is resolved", async () => {
    const { status, body } = await web.send("http://by-name.test:8080/");
    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({ name: "other" });
    expect((await web.send("http://by-name.test/")).status).toBeGreaterThanOrEqual(400);
  });

  test("with neither is reached wherever the request says", async () => {
    const { status, body } = await web.send(`http://localhost:${outside.port}/as-called`);
    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({ name: "other", path: "/as-called" });
  });

  test("of workloads of the mesh is all of them", async () => {
    expect(await namesOf(web, "http://inside.test/")).toEqual(["echo-v1", "echo-v2"]);
  });
});

describe("by port", () => {
  test("a policy holds for the application's port that it names", async () => {
    expect((await web.send("http://ports/port")).status).toBe(200);
    expect((await web.send("http://ports:81/port")).status).toBe(403);
    expect((await web.send("http://ports:81/")).status).toBe(200);
  });

  test("mutual TLS is asked for, or not, and callers know", async () => {
    const inbound = async (workloadPort: number): Promise<number> => {
      const { addresses } = await mesh.proxy("ports");
      const found = addresses.inbound.find((each) => each.workloadPort === workloadPort);
      return Number(found?.address.split(":").at(-1));
    };
    const [own = 0, second] = [echoes.at(-1)?.port, outside.port];
    const plain = async (port: number) =>
      (await sendRaw(await inbound(port), "/", { lines: ["Host: ports"] })).status;
    await mesh.apply(
      documents([
        peerAuthentication("ports", {
          selector: { matchLabels: { app: "ports" } },
          mtls: { mode: "STRICT" },
          portLevelMtls: { [second]: { mode: "DISABLE" } },
        }),
      ]),
    );
    expect([await plain(own), await plain(second)]).toEqual([403, 200]);
    expect((await web.send("http://ports/")).status).toBe(200);
    expect((await web.send("http://ports:81/")).status).toBe(200);
  });
});

describe("MeshConfig", () => {
  const pathOf = async (at: string): Promise<string> => {
    const { status, body } = await web.send(`http://inside.test${at}`);
    return status === 200 ? (JSON.parse(body) as Echo).path : `${status}`;
  };

  test.each([
    ["NONE", "/a//b/../c%2Fd%41", "/a//b/../c%2Fd%41"],
    ["BASE", "/a//b/../c%2Fd%41", "/a//c%2FdA"],
    ["MERGE_SLASHES", "/a//b/../c%2Fd%41", "/a/c%2FdA"],
    ["DECODE_AND_MERGE_SLASHES", "/a//b/../c%2Fd%41", "/a/c/dA"],
  ])("normalises paths by %s", async (normalization, at, forwarded) => {
    await mesh.apply(meshConfig({ pathNormalization: { normalization } }));
    expect(await pathOf(at)).toBe(forwarded);
  });

  test("keeps requests inside the mesh when it says REGISTRY_ONLY", async () => {
    const url = `http://127.0.0.1:${outside.port}/`;
    await mesh.apply(meshConfig({ outboundTrafficPolicy: { mode: "ALLOW_ANY" } }));
    expect((await web.send(url)).status).toBe(200);
    await mesh.apply(meshConfig({ outboundTrafficPolicy: { mode: "REGISTRY_ONLY" } }));
    const { status, headers } = await web.send(url);
    expect(status).toBe(502);
    expect(headers["weft-error"]).toStartWith("unknown-host");
    expect((await web.send("http://static.test/")).status).toBe(200);
  });
});
