// The proxy's stream against our own server and against servers that make no sense, over real TLS.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { emptySnapshot } from "#config/snapshot.ts";
import {
  cluster,
  endpoints,
  listener,
  routes,
  secret,
  snapshotOf,
  virtualHost,
  withChanges,
} from "../../../test/support/config-samples.ts";
import { TestConfigSource } from "../../../test/support/control-plane-stand-in.ts";
import {
  type ScriptedServer,
  type ServerScript,
  startScriptedServer,
} from "../../../test/support/scripted-ads-server.ts";
import { StreamOnlyProxy, workload } from "../../../test/support/stream-only-proxy.ts";
import { makeAuthority } from "../../../test/support/test-certificates.ts";
import { startGrpcServer, TestServerTls } from "../../../test/support/test-grpc-server.ts";
import { encodedBytes } from "../messages/discovery.ts";
import { typeUrlOf } from "../messages/type-url.ts";
import type { GrpcServer } from "../server/serve-grpc.ts";

const authority = makeAuthority();
const tls = new TestServerTls(authority);
const web = authority.issue("shop", "web");

const whole = snapshotOf(
  secret(),
  cluster("a"),
  endpoints("a"),
  listener("http-proxy"),
  routes("http-proxy"),
  virtualHost("http-proxy/a", "a"),
);

describe("with a control plane of ours", () => {
  let source: TestConfigSource;
  let server: GrpcServer;
  const start = (port = 0) =>
    startGrpcServer({ config: source, tls, verifyPeer: authority.verify, port });
  const connect = (more: Partial<ConstructorParameters<typeof StreamOnlyProxy>[0]> = {}) =>
    new StreamOnlyProxy({ port: server.port, authority, identity: () => web, ...more });

  beforeEach(async () => {
    source = new TestConfigSource();
    source.set(whole);
    server = await start();
  });
  afterEach(() => stop());
  const stop = () => server[Symbol.asyncDispose]();

  test("everything comes in order of dependence, and changes follow one by one", async () => {
    using proxy = connect();
    await proxy.reached("synced");
    expect(proxy.running).toEqual(whole);
    const order = proxy.updates.map(({ type }) => type);
    expect(order.indexOf("cluster")).toBeLessThan(order.indexOf("endpoints"));
    expect(order.indexOf("endpoints")).toBeLessThan(order.indexOf("virtual-host"));
    expect(source.opened[0]?.workload).toEqual(workload);
    expect(source.opened[0]?.identity).toMatchObject({ namespace: "shop", serviceAccount: "web" });

    const changed = withChanges(whole, [virtualHost("http-proxy/a", "a", "2")]);
    source.set(changed);
    await source.synced(changed);
    expect(proxy.running).toEqual(changed);
    expect(proxy.updates.at(-1)?.upserted.map(({ name }) => name)).toEqual(["http-proxy/a"]);
  });

  test("a host moves to a new cluster without ever pointing at nothing", async () => {
    using proxy = connect();
    await proxy.reached("synced");
    const moved = withChanges(
      whole,
      [cluster("b"), endpoints("b"), virtualHost("http-proxy/a", "b", "2")],
      [
        ["cluster", "a"],
        ["endpoints", "a"],
      ],
    );
    source.set(moved);
    await source.synced(moved);
    expect(proxy.running).toEqual(moved);
  });

  test("updates that take their time are applied one after the other, and acknowledged when they are", async () => {
    const begun: string[] = [];
    let running = emptySnapshot;
    let atOnce = 0;
    using proxy = connect({
      overrides: {
        apply: async ({ type, snapshot }) => {
          begun.push(type);
          expect(++atOnce).toBe(1);
          await new Promise(setImmediate);
          atOnce--;
          running = snapshot;
          return { kind: "accepted" };
        },
      },
    });
    await proxy.reached("synced");
    expect(running).toEqual(whole);
    expect(begun.length).toBeGreaterThan(4);
    const changed = withChanges(whole, [cluster("a", "2"), virtualHost("http-proxy/a", "a", "2")]);
    source.set(changed);
    await source.synced(changed);
    expect(running).toEqual(changed);
  });

  test("what the proxy knows already is not sent again after the control plane's restart", async () => {
    using first = connect();
    await first.reached("synced");
    const known = first.running;
    first[Symbol.dispose]();
    await stop();
    server = await start();
    using second = connect({ known });
    await second.reached("synced");
    expect(second.updates).toEqual([]);
    expect(second.running).toBe(known);
  });

  test("a lost connection is opened again, and what happened meanwhile arrives", async () => {
    using proxy = connect();
    await proxy.reached("synced");
    const { port } = server;
    await stop();
    await proxy.reached("disconnected");
    expect(proxy.running).toEqual(whole);
    const changed = withChanges(whole, [cluster("a", "2")], [["listener", "http-proxy"]]);
    source.set(changed);
    server = await start(port);
    await proxy.reached("synced", 2);
    await source.synced(changed);
    expect(proxy.running).toEqual(changed);
  });

  test("a refusal by the proxy reaches the control plane with its reason, and nothing changes", async () => {
    using proxy = connect();
    await proxy.reached("synced");
    proxy.judge = ({ upserted }) => {
      const bad = upserted.find(({ name }) => name === "bad");
      return bad
        ? { kind: "rejected", reason: `cluster "bad": port 1 is taken` }
        : { kind: "accepted" };
    };
    source.set(withChanges(whole, [cluster("bad"), cluster("good")]));
    await source.until(() =>
      source.events.some(
        (event) =>
          event.kind === "nacked" &&
          event.resource === "bad" &&
          event.reason === 'cluster "bad": port 1 is taken',
      ),
    );
    await proxy.until(() => proxy.running.cluster.has("good"));
    expect(proxy.running.cluster.has("bad")).toBe(false);
  });

  test("a rotated certificate opens a second stream before the first is closed", async () => {
    let identity = web;
    using proxy = connect({ identity: () => identity });
    await proxy.reached("synced");
    identity = authority.issue("shop", "web");
    let most = 0;
    const watch = source.until(() => {
      most = Math.max(most, source.openFeeds);
      return source.opened.length === 2 && source.openFeeds === 1;
    });
    proxy.stream.reconnect();
    await watch;
    expect(most).toBe(2);
    expect(proxy.states.some(({ kind }) => kind === "disconnected")).toBe(false);
    const changed = withChanges(whole, [cluster("b")]);
    source.set(changed);
    await source.synced(changed);
  });

  test("a failed rotation keeps the stream that works", async () => {
    let identity = web;
    using proxy = connect({ identity: () => identity });
    await proxy.reached("synced");
    identity = makeAuthority("a stranger").issue("shop", "web");
    proxy.stream.reconnect();
    identity = web;
    const changed = withChanges(whole, [cluster("b")]);
    source.set(changed);
    await source.synced(changed);
    expect(proxy.running).toEqual(changed);
  });

  test("a refused proxy says why and how long it waits", async () => {
    source.refusal = { kind: "refused", code: "permission-denied", reason: "not this one" };
    using proxy = connect();
    await proxy.reached("disconnected");
    expect(proxy.states.at(-1)).toEqual({
      kind: "disconnected",
      code: "PERMISSION_DENIED",
      reason: "not this one",
      retryInMs: 100,
    });
  });

  test("a server that the proxy does not trust gets nothing", async () => {
    using proxy = connect({ authority: makeAuthority("another mesh") });
    await proxy.reached("disconnected");
    const state = proxy.states.at(-1);
    expect(state?.kind === "disconnected" && state.reason).toContain("was not trusted");
    expect(source.opened).toEqual([]);
  });
});

describe("with a control plane that makes no sense", () => {
  let server: ScriptedServer;
  beforeAll(async () => {
    server = await startScriptedServer(authority);
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const CLUSTER = typeUrlOf("cluster");
  const good = (name: string) => ({
    name,
    version: "1",
    resource: { typeUrl: CLUSTER, value: encodedBytes(cluster(name)) },
  });

  /** A fresh proxy and the server's end of its stream. */
  async function meet(): Promise<{ proxy: StreamOnlyProxy; script: ServerScript }> {
    const proxy = new StreamOnlyProxy({ port: server.port, authority, identity: () => web });
    return { proxy, script: await server.next() };
  }

  /** Says something bad; expects a refusal in these words, no change, and a stream that still works. */
  async function refuses(response: Parameters<ServerScript["say"]>[0], words: string) {
    const { proxy, script } = await meet();
    using _proxy = proxy;
    script.say({ typeUrl: CLUSTER, nonce: "bad", ...response });
    const answer = await script.hearAnswer("bad");
    expect(answer.errorDetail?.message).toContain(words);
    expect(proxy.updates).toEqual([]);
    script.say({ typeUrl: CLUSTER, nonce: "good", resources: [good("a")] });
    expect((await script.hearAnswer("good")).errorDetail).toBeUndefined();
    expect([...proxy.running.cluster.keys()]).toEqual(["a"]);
  }

  test("the proxy asks for every type at once and for endpoints with the first cluster", async () => {
    const { proxy, script } = await meet();
    using _proxy = proxy;
    const asked: (readonly [string, string[]])[] = [];
    for (let i = 0; i < 5; i++) {
      const { typeUrl, resourceNamesSubscribe } = await script.hear();
      asked.push([typeUrl, resourceNamesSubscribe]);
    }
    expect(asked).toEqual([
      [typeUrlOf("secret"), ["ROOTCA"]],
      [CLUSTER, ["*"]],
      [typeUrlOf("listener"), ["*"]],
      [typeUrlOf("route"), ["*"]],
      [typeUrlOf("virtual-host"), ["*"]],
    ]);
    script.say({ typeUrl: CLUSTER, nonce: "1", resources: [good("a")] });
    const names = await script.hear();
    expect(names.resourceNamesSubscribe).toEqual(["a"]);
    expect((await script.hear()).responseNonce).toBe("1");
    script.say({ typeUrl: CLUSTER, nonce: "2", removedResources: ["a"] });
    expect((await script.hear()).resourceNamesUnsubscribe).toEqual(["a"]);
  });

  test("a truncated resource is refused and nothing changes", async () => {
    const value = encodedBytes(cluster("b")).slice(0, -3);
    const resource = { typeUrl: CLUSTER, value };
    await refuses(
      { resources: [good("a"), { name: "b", version: "1", resource }] },
      'cluster "b": broken protobuf',
    );
  });

  test("a resource of another type is refused", async () => {
    const resource = { typeUrl: typeUrlOf("listener"), value: encodedBytes(cluster("b")) };
    await refuses(
      { resources: [{ name: "b", version: "1", resource }] },
      'cluster "b": its message is of type type.googleapis.com/envoy.config.listener.v3.Listener',
    );
  });

  test("a resource without a message is refused", async () => {
    await refuses({ resources: [{ name: "b", version: "1" }] }, "(none)");
  });

  test("a type that nobody asked for is refused", async () => {
    const { proxy, script } = await meet();
    using _proxy = proxy;
    script.say({ typeUrl: "type.googleapis.com/evil.Thing", nonce: "x" });
    expect((await script.hearAnswer("x")).errorDetail?.message).toContain("was not asked for");
    expect(proxy.updates).toEqual([]);
  });

  test("a reference to nothing is refused by name", async () => {
    const { proxy, script } = await meet();
    using _proxy = proxy;
    const typeUrl = typeUrlOf("virtual-host");
    const value = encodedBytes(virtualHost("gone/shop", "a"));
    const resources = [{ name: "gone/shop", version: "1", resource: { typeUrl, value } }];
    script.say({ typeUrl, nonce: "x", resources });
    expect((await script.hearAnswer("x")).errorDetail?.message).toContain(
      'its route configuration "gone" is not there',
    );
  });

  test("bytes that are no response end the stream, and a new one begins", async () => {
    const { proxy, script } = await meet();
    using _proxy = proxy;
    script.sayBytes(Uint8Array.of(0x12, 0xff, 0xff, 0x7f, 1));
    await script.ended;
    await proxy.reached("disconnected");
    const state = proxy.states.find(({ kind }) => kind === "disconnected");
    expect(state?.kind === "disconnected" && state.reason).toContain(
      "a discovery response that cannot be read",
    );
    await server.next();
  });

  test("a message of 17 MiB ends the stream without being held", async () => {
    const { proxy, script } = await meet();
    using _proxy = proxy;
    script.sayBytes(new Uint8Array(17 * 1024 * 1024));
    await proxy.reached("disconnected");
    const state = proxy.states.find(({ kind }) => kind === "disconnected");
    expect(state).toMatchObject({ code: "RESOURCE_EXHAUSTED" });
    await server.next();
  });

  test("a status with words is passed on to the operator", async () => {
    const { proxy, script } = await meet();
    using _proxy = proxy;
    await script.hear();
    script.fail(7, "wrong mesh: größer");
    await proxy.reached("disconnected");
    const state = proxy.states.find(({ kind }) => kind === "disconnected");
    expect(state).toMatchObject({ code: "PERMISSION_DENIED", reason: "wrong mesh: größer" });
    await server.next();
  });

  test("a proxy that fails while applying refuses and stays as it was", async () => {
    const { proxy, script } = await meet();
    using _proxy = proxy;
    proxy.judge = () => {
      throw new Error("out of ports");
    };
    script.say({ typeUrl: CLUSTER, nonce: "x", resources: [good("a")] });
    expect((await script.hearAnswer("x")).errorDetail?.message).toContain("out of ports");
    expect(proxy.running.cluster.size).toBe(0);
  });
});
