import { afterEach, beforeEach, expect, test } from "bun:test";
import { silentLog } from "#core/log.ts";
import { controlPlaneConnector } from "../../../test/support/control-plane-connector.ts";
import { TestConfigSource } from "../../../test/support/control-plane-stand-in.ts";
import { eventually } from "../../../test/support/eventually.ts";
import { makeAuthority } from "../../../test/support/test-certificates.ts";
import { startGrpcServer, TestServerTls } from "../../../test/support/test-grpc-server.ts";
import type { GrpcServer } from "../server/serve-grpc.ts";
import { systemTimers } from "../stream/timers.ts";
import type { MetricFamily } from "./metric-family.ts";
import { openMetricsStream } from "./open-metrics-stream.ts";
import type { MetricsReport } from "./receive-metrics.ts";

const authority = makeAuthority();
const web = authority.issue("shop", "web");
const tls = new TestServerTls(authority);
let reports: MetricsReport[];
let server: GrpcServer;

const start = (port = 0) =>
  startGrpcServer({
    config: new TestConfigSource(),
    tls,
    verifyPeer: authority.verify,
    port,
    metrics: (report) => reports.push(report),
  });
beforeEach(async () => {
  reports = [];
  server = await start();
});
afterEach(() => server[Symbol.asyncDispose]());

const families = (value: number): readonly MetricFamily[] => [
  { name: "requests", help: "all", type: "counter", metrics: [{ labels: { to: "a" }, value }] },
];
const open = () =>
  openMetricsStream({
    connect: controlPlaneConnector(() => ({ port: server.port, identity: web, authority })),
    nodeId: "web-1",
    timers: systemTimers,
    log: silentLog,
    random: () => 0,
  });
const arrives = (value: number, stream: { push(each: readonly MetricFamily[]): void }) =>
  eventually(() => {
    stream.push(families(value));
    return reports.some((report) => report.families[0]?.metrics[0]?.value === value);
  });

test("families arrive as they were pushed, with who pushed them", async () => {
  using stream = open();
  await arrives(7, stream);
  expect(reports[0]).toEqual({
    peer: { trustDomain: "cluster.local", namespace: "shop", serviceAccount: "web" },
    nodeId: "web-1",
    families: families(7),
  });
});

test("pushes go on after the control plane was away", async () => {
  using stream = open();
  await arrives(1, stream);
  const { port } = server;
  await server[Symbol.asyncDispose]();
  stream.push(families(2)); // nobody there: dropped, not kept
  server = await start(port);
  await arrives(3, stream);
});

test("a new certificate opens a new stream", async () => {
  using stream = open();
  await arrives(1, stream);
  stream.reconnect();
  await arrives(2, stream);
});
