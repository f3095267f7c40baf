import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connect } from "node:tls";
import { Hono } from "hono";
import type { Log, LogFields } from "#core/log.ts";
import { startTestApi, TEST_TOKEN, type TestApi, testTls } from "../../test/support/api-server.ts";
import { eventually } from "../../test/support/eventually.ts";
import type { User } from "./admission/admission.ts";

const WIDGETS = "/apis/test.weft.dev/v1/namespaces/default/widgets";
const json = { "content-type": "application/json" };

function widget(name: string, spec: unknown = {}, metadata: object = {}) {
  return {
    apiVersion: "test.weft.dev/v1",
    kind: "Widget",
    metadata: { name, ...metadata },
    spec,
  };
}

let api: TestApi;
const logged: string[] = [];
const record = (fields: LogFields, message: string): void => {
  logged.push(`${message} ${Bun.inspect(fields)}`);
};
const log: Log = { debug: record, info: record, warn: record, error: record };

beforeAll(async () => {
  const extraRoutes = new Hono<{ Variables: { user: User } }>();
  extraRoutes.get("/hello", (context) => context.json({ hello: context.get("user").name }));
  api = await startTestApi({ log, extraRoutes: extraRoutes as unknown as Hono });
});
afterAll(() => api[Symbol.asyncDispose]());

const post = (path: string, body: unknown, headers: Record<string, string> = json) =>
  api.fetch(path, {
    method: "POST",
    headers,
    body: typeof body === "string" ? body : JSON.stringify(body),
  });

async function status(response: Response) {
  const body = (await response.json()) as Record<string, unknown>;
  return { http: response.status, reason: body.reason, message: body.message, kind: body.kind };
}

describe("who may ask", () => {
  test("a request without or with a wrong token learns nothing", async () => {
    for (const authorization of ["", "Bearer wrong", "Basic YTpi", `Bearer ${TEST_TOKEN}x`]) {
      const response = await api.fetch(WIDGETS, { headers: { authorization } });
      expect(await status(response)).toEqual({
        http: 401,
        reason: "Unauthorized",
        message: "Unauthorized",
        kind: "Status",
      });
    }
  });

  test("health and version need no token", async () => {
    const headers = { authorization: "none" };
    for (const path of ["/healthz", "/livez", "/readyz", "/version"])
      expect((await api.fetch(path, { headers })).status).toBe(200);
  });

  test("a request under a name that is not ours is refused before its token is looked at", async () => {
    for (const host of ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:7070"]) {
      const response = await api.fetch("/version", { headers: { host } });
      expect((await status(response)).http).toBe(403);
    }
    const local = await api.fetch("/version", { headers: { host: "localhost:7070" } });
    expect(local.status).toBe(200);
  });

  test("a request from a page of another origin is refused", async () => {
    const headers = { ...json, origin: "https://evil.example" };
    const response = await post(WIDGETS, widget("cross"), headers);
    expect((await status(response)).http).toBe(403);
    const site = await api.fetch(WIDGETS, { headers: { "sec-fetch-site": "cross-site" } });
    expect(site.status).toBe(403);
  });

  test("extra routes stand behind the same door and know who asks", async () => {
    expect(await (await api.fetch("/weft/hello")).json()).toEqual({ hello: "tester" });
    const without = await api.fetch("/weft/hello", { headers: { authorization: "none" } });
    expect(without.status).toBe(401);
  });

  test("no token is ever logged", () => {
    expect(logged.join("\n")).not.toContain(TEST_TOKEN);
  });
});

describe("bodies that no client of good will sends", () => {
  const refused = async (body: string, type = "application/json") =>
    status(await post(WIDGETS, body, { "content-type": type }));

  test("more than 3 MiB is too large, declared or not", async () => {
    const big = `{"x":"${"a".repeat(3 * 1024 * 1024)}"}`;
    expect((await refused(big)).http).toBe(413);
    const stream = new ReadableStream({
      start(controller) {
        for (let i = 0; i < 40; i++) controller.enqueue(new Uint8Array(100_000));
        controller.close();
      },
    });
    const response = await api.fetch(WIDGETS, { method: "POST", headers: json, body: stream });
    expect(response.status).toBe(413);
  });

  test("deep nesting, broken JSON, broken UTF-8 and alias bombs are bad requests", async () => {
    expect((await refused("[".repeat(100_000))).http).toBe(400);
    expect((await refused("{")).http).toBe(400);
    expect((await refused("null")).http).toBe(400);
    const bytes = await api.fetch(WIDGETS, {
      method: "POST",
      headers: json,
      body: Uint8Array.of(0x7b, 0xff, 0x7d),
    });
    expect(bytes.status).toBe(400);
    const bomb = `a: &a [${"x,".repeat(50)}]\nb: &b [${"*a,".repeat(50)}]\nc: &c [${"*b,".repeat(50)}]\nd: [${"*c,".repeat(50)}]\n`;
    expect((await refused(bomb, "application/yaml")).http).toBe(400);
    expect((await refused(`${"- ".repeat(200_000)}x`, "application/yaml")).http).toBe(400);
  });

  test("another media type is not supported, and another answer not acceptable", async () => {
    const unsupported = await refused("<widget/>", "application/xml");
    expect(unsupported).toMatchObject({ http: 415, reason: "UnsupportedMediaType" });
    const headers = { accept: "application/xml" };
    expect(await status(await api.fetch(WIDGETS, { headers }))).toMatchObject({
      http: 406,
      reason: "NotAcceptable",
    });
  });

  test("protobuf that is none is a bad request", async () => {
    for (const body of ["k8s\0\x0a\xff", "nonsense", "k8s\0"])
      expect((await refused(body, "application/vnd.kubernetes.protobuf")).http).toBe(400);
  });

  test("paths that climb or hide slashes name nothing", async () => {
    for (const path of ["/%2e%2e%2fsecrets", "/a%2Fb", "/..%2f", "/%ff", "//x"])
      expect((await api.fetch(`${WIDGETS}${path}`)).status).toBe(404);
  });

  test("keys that JavaScript knows are keys like any other", async () => {
    const spec = '{"options":{"__proto__":"x","constructor":"y"}}';
    const body = JSON.stringify(widget("proto")).replace('"spec":{}', `"spec":${spec}`);
    const response = await post(WIDGETS, body);
    expect(response.status).toBe(201);
    expect(await response.text()).toContain('"options":{"__proto__":"x","constructor":"y"}');
    expect(({} as Record<string, unknown>).options).toBeUndefined();
  });
});

describe("answers", () => {
  test("an unknown kind is a plain 404, a wrong method a 405", async () => {
    const page = await api.fetch("/apis/nothing.example/v1/things");
    expect([page.status, await page.text()]).toEqual([404, "404 page not found\n"]);
    expect(await status(await api.fetch("/api/v1/things"))).toMatchObject({
      http: 404,
      reason: "NotFound",
    });
    const wrong = await api.fetch("/apis/test.weft.dev/v1/widgets", {
      method: "POST",
      headers: json,
      body: "{}",
    });
    expect(await status(wrong)).toMatchObject({ http: 405, reason: "MethodNotAllowed" });
  });

  test("an invalid object comes back with every cause", async () => {
    const response = await post(WIDGETS, widget("bad", { size: -1, colour: "red" }));
    const body = (await response.json()) as Record<string, unknown>;
    expect(body).toMatchObject({
      kind: "Status",
      code: 422,
      reason: "Invalid",
      details: {
        name: "bad",
        group: "test.weft.dev",
        kind: "Widget",
        causes: [
          { reason: "FieldValueForbidden", field: "spec.colour" },
          { reason: "FieldValueInvalid", field: "spec.size" },
        ],
      },
    });
  });

  test("what only the server may say is not taken from a user", async () => {
    const metadata = { uid: "mine", creationTimestamp: "2001-01-01T00:00:00Z", generation: 77 };
    const response = await post(WIDGETS, {
      ...widget("own", {}, metadata),
      status: { phase: "Mine" },
    });
    const created = (await response.json()) as {
      metadata: Record<string, unknown>;
      status: unknown;
    };
    expect(created.metadata.uid).not.toBe("mine");
    expect(created.metadata.creationTimestamp).not.toBe("2001-01-01T00:00:00Z");
    expect(created.metadata.generation).toBe(1);
    expect(created.status).toBeUndefined();
    const versioned = await post(WIDGETS, widget("rv", {}, { resourceVersion: "1" }));
    expect((await status(versioned)).message).toBe(
      "resourceVersion should not be set on objects to be created",
    );
  });

  test("a dry run does everything but the write", async () => {
    const response = await post(`${WIDGETS}?dryRun=All`, widget("dry"));
    expect(response.status).toBe(201);
    expect((await api.fetch(`${WIDGETS}/dry`)).status).toBe(404);
    expect((await post(`${WIDGETS}?dryRun=Some`, widget("dry"))).status).toBe(422);
  });

  test("OpenAPI documents carry tags that answer for their content", async () => {
    const index = (await (await api.fetch("/openapi/v3")).json()) as {
      paths: Record<string, { serverRelativeURL: string }>;
    };
    const url = index.paths["apis/test.weft.dev/v1"]?.serverRelativeURL ?? "";
    const document = await api.fetch(url);
    expect(document.headers.get("cache-control")).toContain("immutable");
    const etag = document.headers.get("etag") ?? "";
    expect(url).toContain(etag.replaceAll('"', ""));
    const again = await api.fetch(url, { headers: { "if-none-match": etag } });
    expect(again.status).toBe(304);
    const v2 = (await (await api.fetch("/openapi/v2")).json()) as Record<string, unknown>;
    expect(v2.swagger).toBe("2.0");
  });
});

test("every write is seen by every one of twenty watches, in order", async () => {
  const lists = (await (await api.fetch(WIDGETS)).json()) as {
    metadata: { resourceVersion: string };
  };
  const path = `${WIDGETS}?watch=1&resourceVersion=${lists.metadata.resourceVersion}`;
  const watches = await Promise.all(
    Array.from({ length: 20 }, async () => {
      const { body } = await api.fetch(path);
      return body?.getReader();
    }),
  );
  const names = Array.from({ length: 20 }, (_, i) => `seen-${i}`);
  for (const name of names) expect((await post(WIDGETS, widget(name))).status).toBe(201);
  for (const watch of watches) {
    let text = "";
    while (text.split("\n").length <= names.length)
      text += Buffer.from((await watch?.read())?.value ?? []).toString();
    const seen = text.trim().split("\n");
    expect(seen.map((line) => JSON.parse(line).object.metadata.name)).toEqual(names);
    await watch?.cancel();
  }
});

test("a watch whose client has gone is closed, and so is one whose time is up", async () => {
  const { store } = api;
  const original = store.watch.bind(store);
  const open = new Set<unknown>();
  store.watch = (options) => {
    const watch = original(options);
    open.add(watch);
    return {
      events: watch.events,
      requestBookmark: () => watch.requestBookmark(),
      [Symbol.dispose]: () => {
        open.delete(watch);
        watch[Symbol.dispose]();
      },
    };
  };
  const leaving = new AbortController();
  await api.fetch(`${WIDGETS}?watch=1&resourceVersion=1`, { signal: leaving.signal });
  await eventually(() => open.size === 1);
  leaving.abort();
  await eventually(() => open.size === 0);
  await (await api.fetch(`${WIDGETS}?watch=1&timeoutSeconds=1`)).text();
  expect(open.size).toBe(0);
  store.watch = original;
});

describe("lists and watches by version", () => {
  test("pages show one moment, and an old page or version has expired", async () => {
    await using small = await startTestApi({ keepChanges: 6 });
    const client = small.registry.client("widgets.test.weft.dev", {
      user: { name: "test", groups: [] },
      fieldManager: "test",
    });
    const make = (name: string) =>
      client.create({ ...widget(name), metadata: { name, namespace: "default" } });
    for (const name of ["a", "b", "c"]) await make(name);
    interface List {
      readonly metadata: { readonly continue: string; readonly resourceVersion: string };
      readonly items: readonly { readonly metadata: { readonly name: string } }[];
    }
    const list = async (query: string) =>
      (await small.fetch(`${WIDGETS}?${query}`)).json() as Promise<List>;
    const first = await list("limit=2");
    await make("aa");
    const second = await list(`limit=2&continue=${first.metadata.continue}`);
    expect(second.items.map(({ metadata }) => metadata.name)).toEqual(["c"]);
    const exact = `resourceVersion=${first.metadata.resourceVersion}&resourceVersionMatch=Exact`;
    expect((await list(exact)).items).toHaveLength(3);
    for (let i = 0; i < 20; i++) await make(`x${i}`);
    const late = await status(
      await small.fetch(`${WIDGETS}?limit=2&continue=${first.metadata.continue}`),
    );
    expect(late).toMatchObject({ http: 410, reason: "Expired" });
    expect(await status(await small.fetch(`${WIDGETS}?${exact}`))).toMatchObject({ http: 410 });
    const future = await status(await small.fetch(`${WIDGETS}?resourceVersion=999999`));
    expect(future).toMatchObject({ http: 504, reason: "Timeout" });
    const text = await (await small.fetch(`${WIDGETS}?watch=1&resourceVersion=1`)).text();
    expect(JSON.parse(text)).toMatchObject({
      type: "ERROR",
      object: { code: 410, reason: "Expired" },
    });
  });

  test("a watch list sends what exists, and a bookmark that says it has", async () => {
    const query =
      "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=1";
    await post(WIDGETS, widget("initial"));
    const lines = (await (await api.fetch(`${WIDGETS}?${query}`)).text()).trim().split("\n");
    const events = lines.map((line) => JSON.parse(line));
    expect(events.at(-1)).toMatchObject({
      type: "BOOKMARK",
      object: {
        kind: "Widget",
        metadata: { annotations: { "k8s.io/initial-events-end": "true" } },
      },
    });
    expect(events.slice(0, -1).every(({ type }) => type === "ADDED")).toBe(true);
    expect(events.some(({ object }) => object.metadata.name === "initial")).toBe(true);
  });

  test("a watch of tables names the columns once", async () => {
    const headers = { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" };
    const response = await api.fetch(`${WIDGETS}?watch=1&timeoutSeconds=1`, { headers });
    const tables = (await response.text())
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).object);
    expect(tables.length).toBeGreaterThan(1);
    expect(tables[0].columnDefinitions.map(({ name }: { name: string }) => name)).toEqual([
      "Name",
      "Size",
      "Color",
      "Age",
    ]);
    expect(tables[1].columnDefinitions).toBeNull();
    expect(tables[1].rows[0].object.kind).toBe("PartialObjectMetadata");
  });
});

test("a new certificate serves new connections and closes no old one", async () => {
  const fingerprint = (socket: ReturnType<typeof connect>) =>
    socket.getPeerCertificate().fingerprint256;
  const open = (ca: string) =>
    new Promise<ReturnType<typeof connect>>((resolve, reject) => {
      const socket = connect({ port: api.server.port, host: "127.0.0.1", ca }, () =>
        resolve(socket),
      );
      socket.once("error", reject);
    });
  const old = await open(api.caCert);
  const next = testTls();
  api.server.setTls(next);
  const fresh = await open(next.ca);
  expect(fingerprint(fresh)).not.toBe(fingerprint(old));
  const answer = new Promise<string>((resolve) =>
    old.once("data", (data) => resolve(data.toString())),
  );
  old.write("GET /version HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  expect(await answer).toStartWith("HTTP/1.1 200");
  old.destroy();
  fresh.destroy();
});
