import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { emptySnapshot, type Snapshot } from "#config/snapshot.ts";
import type { Workload } from "#config/workload.ts";
import { systemClock } from "#core/clock.ts";
import { silentLog } from "#core/log.ts";
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
  makeAuthority,
  type TestAuthority,
  type TestIdentity,
} from "../../../test/support/test-certificates.ts";
import { type GrpcServer, serveGrpc } from "../server/serve-grpc.ts";
import { systemTimers } from "../stream/timers.ts";
import { openConfigStream } from "./config-stream.ts";
import type {
  ConfigStream,
  ConfigStreamState,
  ConfigUpdate,
  Verdict,
} from "./config-stream-options.ts";
import { http2Connector } from "./node-http2-session.ts";

const workload: Workload = {
  namespace: "shop",
  name: "web-1",
  app: "web",
  serviceAccount: "web",
  labels: { app: "web" },
  inbound: [{ workloadPort: 8080, address: { host: "127.0.0.1", port: 20_001 } }],
  outbound: [{ kind: "http-proxy", address: { host: "127.0.0.1", port: 15_080 } }],
  admin: { host: "127.0.0.1", port: 15_000 },
  version: "0.1.0",
};

let authority: TestAuthority;
let serverIdentity: TestIdentity;
let clientIdentity: TestIdentity;

beforeAll(async () => {
  authority = makeAuthority();
  serverIdentity = authority.issue("weft-system", "control-plane");
  clientIdentity = authority.issue("shop", "web");
});

function serve(source: TestConfigSource, port = 0): Promise<GrpcServer> {
  return serveGrpc({
    host: "127.0.0.1",
    port,
    tls: {
      current: () => ({ ...serverIdentity, clientRootsPem: authority.rootPem }),
      onChange: () => ({ [Symbol.dispose]: () => undefined }),
    },
    verifyPeer: authority.verify,
    config: source,
    issue: () => Promise.reject(new Error("not here")),
    metrics: () => undefined,
    clock: systemClock,
    timers: systemTimers,
    log: silentLog,
  });
}

/** A proxy that only has its stream. */
class StreamOnlyProxy {
  running: Snapshot;
  readonly updates: ConfigUpdate[] = [];
  readonly states: ConfigStreamState[] = [];
  judge: (update: ConfigUpdate) => Verdict = () => ({ kind: "accepted" });
  readonly stream: ConfigStream;
  readonly #waiting = new Set<() => void>();

  constructor(port: number, known: Snapshot = emptySnapshot) {
    this.running = known;
    this.stream = openConfigStream({
      connect: http2Connector(() => ({
        host: "127.0.0.1",
        port,
        identity: clientIdentity,
        verifyServer: authority.verify,
        connectTimeoutMs: 5_000,
        timers: systemTimers,
      })),
      workload,
      nodeId: "sidecar~127.0.0.1~web-1.shop~shop.svc.cluster.local",
      known,
      apply: (update) => {
        const verdict = this.judge(update);
        this.updates.push(update);
        if (verdict.kind === "accepted") this.running = update.snapshot;
        this.#look();
        return verdict;
      },
      onState: (state) => {
        this.states.push(state);
        this.#look();
      },
      checkRegex: () => undefined,
      clock: systemClock,
      timers: systemTimers,
      log: silentLog,
      random: Math.random,
    });
  }

  until(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve) => {
      const look = (): void => {
        if (!condition()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
    });
  }

  reached(kind: ConfigStreamState["kind"], times = 1): Promise<void> {
    return this.until(() => this.states.filter((state) => state.kind === kind).length >= times);
  }

  #look(): void {
    for (const look of [...this.#waiting]) look();
  }
}

const whole = snapshotOf(
  secret(),
  cluster("a"),
  endpoints("a"),
  listener("http-proxy"),
  routes("http-proxy"),
  virtualHost("http-proxy/a", "a"),
);

describe("a proxy's configuration stream", () => {
  const source = new TestConfigSource();
  let server: GrpcServer;
  beforeAll(async () => {
    source.set(whole);
    server = await serve(source);
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test("brings everything in order of dependence and then follows changes", async () => {
    const proxy = new StreamOnlyProxy(server.port);
    using _stream = proxy.stream;
    await proxy.reached("synced");
    expect(proxy.running).toEqual(whole);
    const order = proxy.updates.map(({ type }) => type);
    expect(order.indexOf("cluster")).toBeLessThan(order.indexOf("endpoints"));
    expect(order.indexOf("endpoints")).toBeLessThan(order.indexOf("virtual-host"));
    expect(source.opened[0]?.workload).toEqual(workload);

    const changed = withChanges(whole, [virtualHost("http-proxy/a", "a", "2")]);
    source.set(changed);
    await source.synced(changed);
    expect(proxy.running).toEqual(changed);
    expect(proxy.updates.at(-1)?.upserted.map(({ name }) => name)).toEqual(["http-proxy/a"]);
  });
});
