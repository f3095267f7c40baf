/**
 * What the proxy's own work on one request costs, without sockets: decide, pick, edit, record, log. Nanoseconds of CPU per
 * request, with the parts that can be switched off. Run: `bun bench/micro/serve-request.ts`.
 */

import { randomFillSync } from "node:crypto";
import { systemClock } from "#core/clock.ts";
import { silentLog } from "#core/log.ts";
import type { ClientConnection, ConnectionOwner } from "#http/client/connection.ts";
import { scratch } from "#http/encode-scratch.ts";
import type { ClientExchange, ClientExchangeEvents, ServerExchange } from "#http/exchange.ts";
import { TimerWheel } from "#http/timer-wheel.ts";
import { ConfigCompiler } from "#proxy/config/config-compiler.ts";
import { snapshotOf } from "#proxy/config/last-good.ts";
import type { Downstream } from "#proxy/downstream.ts";
import { connectionSettings } from "#proxy/limits/connection-settings.ts";
import { DEFAULT_LIMITS } from "#proxy/limits/limit-table.ts";
import { RequestServer } from "#proxy/serve-request.ts";
import { downstreamFragment } from "#proxy/telemetry/access-log-line.ts";
import { peerLineOf } from "#proxy/telemetry/inbound-series.ts";
import { openLineWriter } from "#proxy/telemetry/line-writer.ts";
import { MetricsRegistry } from "#proxy/telemetry/metrics-registry.ts";
import { RandomIds } from "#proxy/telemetry/random-ids.ts";
import { RecordIds } from "#proxy/telemetry/record-ids.ts";
import { unknownWorkload } from "#proxy/telemetry/series.ts";
import { ClusterSet } from "#proxy/upstream/cluster-set.ts";
import { ResolvedNames } from "#proxy/upstream/resolved-names.ts";
import { encodeRequestHead } from "#wire/http1/encode-head.ts";
import { localRequestHead } from "#wire/http1/local-head.ts";
import { decodeResponseHead, RESPONSE_LIMITS } from "#wire/http1/response-head.ts";
import {
  destination,
  endpoint,
  outboundResources,
  upstreamListener,
} from "../../test/support/proxy-config.ts";

const answer = Buffer.from(
  "HTTP/1.1 200 OK\r\nserver: nginx\r\ncontent-length: 1024\r\n\r\n",
  "latin1",
);
const responseHead = decodeResponseHead(answer, 0, answer.length, "GET", RESPONSE_LIMITS);
const body = Buffer.alloc(1024);
if (responseHead === undefined) throw new Error("the answer is not whole");

const events: { now: ClientExchangeEvents | undefined } = { now: undefined };

class Connection implements ClientConnection {
  readonly transport = { tls: undefined } as never;
  readonly protocol = "http/1.1";
  readonly allowsUpgrade = true;
  available = 1;
  requestCount = 1;
  idleSinceMs: number | undefined = performance.now();
  keepAliveMs: number | undefined;
  readonly exchange: ClientExchange = {
    progress: "sent",
    bodyBytesSent: 0,
    bodyBytesReceived: 0,
    write: () => true,
    end: () => undefined,
    abort: () => undefined,
    pauseResponse: () => undefined,
    resumeResponse: () => undefined,
    takeOver: () => {
      throw new Error("no tunnel here");
    },
  };
  send(...[head, edits, told]: Parameters<ClientConnection["send"]>): ClientExchange {
    encodeRequestHead(scratch, head as never, edits);
    scratch.clear();
    events.now = told;
    return this.exchange;
  }
  retire(): void {}
  destroy(): void {}
}

const metrics = new MetricsRegistry();
let owner: ConnectionOwner | undefined;
const connection = new Connection();
const clusters = new ClusterSet({
  nowMs: () => performance.now(),
  random: Math.random,
  hasPendingInput: () => false,
  metrics,
  self: unknownWorkload,
  names: new ResolvedNames(
    async () => [],
    () => performance.now(),
  ),
  diallerFor: () => ({
    version: "http1",
    followsClient: false,
    to: () => ({
      mayShare: false,
      credentials: () => undefined,
      dial: (pool, result) => {
        owner = pool;
        result.connected(connection);
      },
    }),
    tunnelTo: () => undefined,
  }),
});
const snapshot = snapshotOf(
  outboundResources(
    [destination("payments", [endpoint(1)])],
    upstreamListener("upstream|1", "payments"),
  ),
);
const compiled = new ConfigCompiler().compile(snapshot);
if (compiled.kind === "refused") throw new Error(compiled.reason);
clusters.apply(snapshot);
const config = snapshot.listener.get("upstream|1")?.value;
const table = compiled.config.tables.get("upstream|1");
if (config?.kind !== "outbound" || table === undefined) throw new Error("no listener");

const downstream: Downstream = {
  listener: { kind: "outbound", config, table },
  principal: undefined,
  namespace: undefined,
  remoteIp: "127.0.0.1",
  logFragment: downstreamFragment({
    local: "127.0.0.1:1",
    remote: "127.0.0.1:2",
    serverName: "",
    peer: undefined,
    direction: "outbound",
  }),
  authority: "payments",
  clientCertField: undefined,
  series: undefined,
  fallbackAuthority: undefined,
};
const head = localRequestHead({
  method: "GET",
  target: "/charge?a=1",
  fields: [
    ["host", "payments"],
    ["user-agent", "wrk"],
    ["accept", "*/*"],
  ],
});

async function run(name: string, logged: boolean): Promise<void> {
  const log = logged ? openLineWriter({ path: "/dev/null" }) : undefined;
  const server = new RequestServer({
    clusters,
    timers: new TimerWheel(() => systemClock.monotonicMs()),
    clock: systemClock,
    random: Math.random,
    ids: new RandomIds((bytes) => randomFillSync(bytes)),
    metrics,
    accessLog: log,
    log: silentLog,
    self: unknownWorkload,
    peerLine: peerLineOf(unknownWorkload),
    settings: connectionSettings(DEFAULT_LIMITS),
    overload: { refusal: undefined },
    records: new RecordIds(Math.random),
  });
  const exchange = {
    request: head,
    startedAtMs: performance.now(),
    bodyBytesSent: 1024,
    bodyBytesReceived: 0,
    hasResponded: false,
    respond: () => undefined,
    write: () => true,
    writeRange: () => true,
    end: () => undefined,
    pauseRequest: () => undefined,
    resumeRequest: () => undefined,
  } as unknown as ServerExchange;
  const once = (): void => {
    connection.idleSinceMs = performance.now();
    const told = server.serve(downstream, exchange, undefined);
    told.onRequestEnd(undefined);
    events.now?.onResponse(responseHead as never);
    events.now?.onResponseData(body, 0, body.length);
    owner?.onAvailable(connection);
    events.now?.onResponseEnd(undefined);
    told.onExchangeEnd(undefined);
  };
  for (let i = 0; i < 200_000; i++) once();
  const rounds: number[] = [];
  for (let round = 0; round < 5; round++) {
    const before = process.cpuUsage();
    for (let i = 0; i < 100_000; i++) once();
    const { user, system } = process.cpuUsage(before);
    rounds.push((user + system) / 100);
    await log?.flush();
  }
  process.stdout.write(
    `${name}: ${Math.min(...rounds).toFixed(0)} ns [${rounds.map((n) => n.toFixed(0)).join(" ")}]\n`,
  );
  await log?.[Symbol.asyncDispose]();
}

await run("without access log", false);
await run("with access log", true);
clusters.close();
