// The API as the JavaScript client library sees it: typed calls, and informers that survive what happens to watches.
// Its programs run in processes of their own, since on Bun they take the CA from the environment they start with.
import { afterEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { startTestApi, type TestApi } from "../support/api-server.ts";
import { eventually } from "../support/eventually.ts";

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function start(options: { keepChanges?: number } = {}): Promise<TestApi> {
  const api = await startTestApi(options);
  stops.push(async () => api[Symbol.asyncDispose]());
  return api;
}

function run(api: TestApi, program: string) {
  return Bun.spawn([process.execPath, join(import.meta.dir, "client-node", program)], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
    env: { ...process.env, KUBECONFIG: api.kubeconfig, NODE_EXTRA_CA_CERTS: api.caFile },
  });
}

interface Said {
  readonly event: "list" | "add" | "update" | "delete" | "error" | "started";
  readonly name?: string;
  readonly size?: number;
}

/** What an informer believes, kept by its events alone. */
async function inform(api: TestApi) {
  const believed = new Map<string, number | undefined>();
  const counts = { list: 0, error: 0, started: 0 };
  const child = run(api, "informer.mjs");
  const hear = ({ event, name = "", size }: Said): void => {
    if (event === "add" || event === "update") believed.set(name, size);
    else if (event === "delete") believed.delete(name);
    else counts[event]++;
  };
  const listening = (async () => {
    let rest = "";
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) hear(JSON.parse(line));
    }
  })();
  stops.push(async () => {
    child.kill();
    await child.exited;
    await listening;
  });
  await eventually(() => counts.started > 0);
  return { believed, counts };
}

function widgets(api: TestApi) {
  const user = { name: "test", groups: [] };
  const client = api.registry.client("widgets.test.weft.dev", { user, fieldManager: "test" });
  return {
    set: (name: string, size: number) =>
      client.apply({
        apiVersion: "test.weft.dev/v1",
        kind: "Widget",
        metadata: { name, namespace: "default" },
        spec: { size },
      }),
    remove: (name: string) => client.delete("default", name),
  };
}

/** The same address, with something done while nobody listens there. */
async function restart(api: TestApi, meanwhile: () => Promise<void> = async () => undefined) {
  await api.stopServing();
  await meanwhile();
  await api.serveAgain();
}

describe("@kubernetes/client-node", () => {
  test("typed calls create, list, replace and delete, and get the server's reasons", async () => {
    const api = await start();
    const child = run(api, "typed-calls.mjs");
    expect(JSON.parse(await new Response(child.stdout).text())).toMatchObject({
      created: true,
      none: 0,
      all: ["web"],
      again: {
        code: 409,
        body: { reason: "AlreadyExists", message: 'services "web" already exists' },
      },
      labels: { tier: "front" },
      gone: { code: 404, body: { reason: "NotFound", message: 'services "web" not found' } },
    });
  });

  test("an informer sees what exists and what changes", async () => {
    const api = await start();
    const { set, remove } = widgets(api);
    await set("before", 1);
    const { believed } = await inform(api);
    await set("after", 2);
    await eventually(() => believed.size === 2);
    expect(Object.fromEntries(believed)).toEqual({ before: 1, after: 2 });
    await set("after", 7);
    await eventually(() => believed.get("after") === 7);
    await remove("before");
    await eventually(() => !believed.has("before"));
  });

  test("an informer goes on after its connection is cut", async () => {
    const api = await start();
    const { set } = widgets(api);
    const { believed } = await inform(api);
    await set("one", 1);
    await eventually(() => believed.has("one"));
    await restart(api, async () => void (await set("two", 2)));
    await eventually(() => believed.get("two") === 2);
    await set("three", 3);
    await eventually(() => believed.get("three") === 3);
  });

  test("an informer whose version is compacted away lists again and misses nothing", async () => {
    const api = await start({ keepChanges: 5 });
    const { set, remove } = widgets(api);
    const { believed, counts } = await inform(api);
    await set("first", 1);
    await eventually(() => believed.has("first"));
    const before = counts.list;
    await restart(api, async () => {
      await remove("first");
      for (let i = 0; i < 30; i++) await set(`w${i}`, i);
    });
    await eventually(() => believed.size === 30 && !believed.has("first"));
    expect(counts.list).toBeGreaterThan(before);
  });
});
