// Whatever is handed to `weft apply`, to kubectl or to the API as an object: a clear error, and nothing is stored.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import type { Resource } from "../../src/resources/resource.ts";
import { type Mesh, startMesh } from "../support/mesh.ts";
import { storedObjects } from "../support/stored-objects.ts";

const MiB = 1024 * 1024;
const routes = "/apis/networking.istio.io/v1/namespaces/shop/virtualservices";

const good = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: web, namespace: shop }
spec:
  hosts: [web]
  http: [{ route: [{ destination: { host: web } }] }]
`;
const withSpec = (spec: string): string => `${good.slice(0, good.indexOf("spec:"))}${spec}\n`;
const levels = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
const bomb = (): string => {
  const rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
  for (let i = 1; i < 10; i++)
    rows.push(`a${i}: &a${i} [${Array.from({ length: 10 }, () => `*a${i - 1}`).join(", ")}]`);
  return rows.map((row) => `    ${row}\n`).join("");
};

/** What, the text, and what `weft apply` says. */
const documents: readonly (readonly [string, string, RegExp])[] = [
  ["a text that ends within a value", good.slice(0, good.indexOf("web }") + 1), /:\d+: |missing/i],
  [
    "a text that ends before its rules",
    good.slice(0, good.indexOf("  http:")),
    /spec: Required value: rules/,
  ],
  [
    "a kind that does not exist",
    good.replace("VirtualService", "VirtualServise"),
    /VirtualServise/,
  ],
  ["a version that does not exist", good.replace("io/v1", "io/v9"), /v9/],
  ["a field that does not exist", good.replace("route:", "rout:"), /spec\.http\[0\]\.rout\b/],
  ["a field that is not acted on", withSpec("spec: { hosts: [web], tcp: [] }"), /spec\.tcp/],
  ["a number where a list belongs", good.replace("[web]", "7"), /spec\.hosts/],
  ["the same key twice", good.replace("  hosts", "  hosts: [x]\n  hosts"), /unique|already/],
  ["no name", good.replace("name: web, ", ""), /metadata\.name/],
  [
    "a name that climbs",
    good.replace("name: web", "name: ../../../etc/passwd"),
    /may not contain \//,
  ],
  ["a name that is a folder", good.replace("name: web", "name: '..'"), /is no name/],
  ["a name of another shape", good.replace("name: web", "name: { a: b }"), /name/],
  ["a tag of another language", good.replace("[web]", "!!js/function 'f'"), /tag|spec\.hosts/i],
  ["the prototype's name", withSpec("spec: { __proto__: { hosts: [web] } }"), /spec/],
  ["aliases that multiply", withSpec(`spec:\n${bomb()}`), /alias/i],
  ["a thousand levels", withSpec(`spec: { hosts: ${levels(1_000)} }`), /nest|deep|depth/i],
  ["ten thousand levels", withSpec(`spec: { hosts: ${levels(10_000)} }`), /nest|deep|depth/i],
  ["four mebibytes", good.replace("[web]", `[${"x".repeat(4 * MiB)}]`), /3 MiB/],
  ["bytes of no text", `${good}\0\x01\x02\uFFFD`, /:\d+: |expected/],
  ["a list of nothing", "- 1\n- 2\n", /apiVersion/],
  ["nothing", "# only a comment\n", /no document/],
];

let mesh: Mesh;
let before: Readonly<Record<string, string>>;

beforeAll(async () => {
  mesh = await startMesh();
  expect((await mesh.kubectl(["create", "namespace", "shop"])).exitCode).toBe(0);
}, 30_000);

beforeEach(async () => {
  before = await storedObjects(mesh);
});

afterAll(() => mesh?.[Symbol.asyncDispose]());

const unharmed = async (): Promise<void> => {
  expect(await storedObjects(mesh)).toEqual(before);
  expect((await mesh.api("GET", "/readyz")).status).toBe(200);
};

describe("weft apply refuses", () => {
  test.each(documents)(
    "%s",
    async (_, text, words) => {
      const { exitCode, stdout, stderr } = await mesh.weft(["apply", "-f", "-"], text);
      expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
      expect(stderr).toMatch(words);
      expect(stderr).not.toContain("bug in Weft");
      expect(stderr.length).toBeLessThan(4_000);
      await unharmed();
    },
    20_000,
  );

  test("a good document beside a bad one, so that nothing is half applied", async () => {
    const bad = good.replaceAll("web", "shop").replace("route:", "rout:");
    const { exitCode, stderr } = await mesh.weft(["apply", "-f", "-"], `${good}---\n${bad}`);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("nothing was applied");
    await unharmed();
  });

  test("every fault of every document at once, each with its place", async () => {
    const first = good.replace("[web]", "7").replace("route:", "rout:");
    const second = first.replace("name: web", "name: other");
    const { stderr } = await mesh.weft(["apply", "-f", "-"], `${first}---\n${second}`);
    expect(stderr.match(/spec\.hosts/g)).toHaveLength(2);
    expect(stderr.match(/spec\.http\[0\]\.rout\b/g)).toHaveLength(2);
    await unharmed();
  });
});

describe("kubectl is refused", () => {
  // Of two equal keys kubectl takes the last, before anything leaves it.
  test.each(documents.filter(([what]) => what !== "the same key twice"))(
    "%s",
    async (_, text) => {
      const { exitCode, stdout, stderr } = await mesh.kubectl(["apply", "-f", "-"], text);
      expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
      expect(stderr).not.toMatch(/InternalError|goroutine/);
      expect(stderr).not.toBe("");
      await unharmed();
    },
    20_000,
  );
});

describe("the API refuses a body", () => {
  const json = JSON.stringify({
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name: "web" },
    spec: { hosts: ["web"], http: [{ route: [{ destination: { host: "web" } }] }] },
  });
  const nested = json.replace('["web"]', levels(100_000));
  const noise = crypto.getRandomValues(new Uint8Array(2_000));
  const type = (name: string): string => `application/${name}`;

  test.each([
    ["that is cut", "POST", routes, type("json"), json.slice(0, -20), 400],
    ["of random bytes", "POST", routes, type("json"), noise, 400],
    ["of random bytes as protobuf", "POST", routes, type("vnd.kubernetes.protobuf"), noise, 400],
    ["with a hundred thousand levels", "POST", routes, type("json"), nested, 400],
    ["of four mebibytes", "POST", routes, type("json"), " ".repeat(4 * MiB) + json, 413],
    ["of a type that it does not read", "POST", routes, "text/plain", json, 415],
    ["of aliases that multiply", "POST", routes, type("yaml"), withSpec(`spec:\n${bomb()}`), 400],
    ["for another namespace", "POST", routes.replace("shop", "default"), type("yaml"), good, 400],
    ["that is nothing", "POST", routes, type("json"), "", 400],
    ["that is no object", "POST", routes, type("json"), "[]", 400],
    [
      "of aliases to apply",
      "PATCH",
      `${routes}/web`,
      type("apply-patch+yaml"),
      `x:\n${bomb()}`,
      400,
    ],
  ] as const)("%s", async (_, method, path, contentType, body, status) => {
    const query = method === "PATCH" ? "?fieldManager=test" : "";
    const sent = typeof body === "string" ? body : new Uint8Array(body);
    const response = await mesh.api(method, `${path}${query}`, sent, contentType);
    const answer = await response.text();
    expect({ status: response.status, answer }).toMatchObject({ status });
    expect(JSON.parse(answer)).toMatchObject({ kind: "Status", status: "Failure", code: status });
    await unharmed();
  });

  test("that copies itself until it is huge, and leaves the object as it was", async () => {
    expect((await mesh.api("POST", routes, json)).status).toBe(201);
    // The rest of it is the control plane's to write: its version, its status.
    const written = async () => {
      const response = await mesh.api("GET", `${routes}/web`);
      const object = (await response.json()) as Resource;
      return { spec: object.spec, annotations: object.metadata.annotations };
    };
    const stored = await written();
    const copies = Array.from({ length: 40 }, (_, i) => ({
      op: "copy",
      from: "/metadata",
      path: `/metadata/annotations${i === 0 ? "" : i}`,
    }));
    const response = await mesh.api("PATCH", `${routes}/web`, copies, type("json-patch+json"));
    expect(response.status).toBe(413);
    expect(await written()).toEqual(stored);
    expect((await mesh.api("DELETE", `${routes}/web`)).status).toBe(200);
    await unharmed();
  });
});
