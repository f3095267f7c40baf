import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startControlPlane } from "#control/start-control-plane.ts";
import { systemClock } from "#core/clock.ts";
import { silentLog } from "#core/log.ts";
import { spiffeIdOf } from "#core/spiffe/spiffe-id.ts";
import { DataPlane } from "#proxy/data-plane.ts";
import { IdentityStore } from "#proxy/identity/identity-store.ts";
import { circuitFamilies } from "#proxy/telemetry/circuit-families.ts";
import type { MetricFamily } from "#proxy/telemetry/metric-family.ts";
import { unknownWorkload } from "#proxy/telemetry/series.ts";
import { workerFamilies } from "#proxy/telemetry/worker-families.ts";
import manifest from "../package.json";

/** The text of `docs/reference/metrics.md`: what a proxy and a control plane really expose. */
export async function metricsPage(): Promise<string> {
  const proxy = await proxyFamilies();
  const requests = proxy.find(({ name }) => name === "istio_requests_total");
  const tcp = proxy.find(({ name }) => name === "istio_tcp_sent_bytes_total");
  return [
    "# Metrics",
    "",
    "Generated from what a proxy and a control plane expose, by `scripts/generate-metrics.ts`; do not edit.",
    "",
    "## Of a proxy",
    "",
    "At `/stats/prometheus` (and `/metrics`) of its metrics address, which `weft proxies -o json` names, and of its admin address.",
    "Names, labels and buckets are Istio's, so boards and tools made for Istio read them. A request is counted twice: by the",
    'caller\'s proxy (`reporter="source"`) and by the callee\'s (`reporter="destination"`).',
    "",
    ...table([...proxy, ...circuitFamilies([]), ...workerFamilies([])]),
    "",
    `Labels of requests: ${labelsOf(requests)}.`,
    "",
    `Labels of connections whose content is not HTTP: ${labelsOf(tcp)}.`,
    "",
    `Buckets, for milliseconds and bytes alike: ${boundsOf(proxy)}.`,
    "",
    "`response_code` is 0 when the caller left before there was an answer. Past 2,000 pairs of caller and callee, or 64 kinds of",
    "answer of one pair, what comes more is counted under `other`, so that no caller can make a proxy grow without bound.",
    "",
    "## Of the control plane",
    "",
    "At `http://127.0.0.1:15014/metrics` (`weft dev` prints the address). Beside it: `/ready`, `/version`, and `/debug/syncz`, which",
    "is what `weft proxies -o json` shows.",
    "",
    ...table(await controlPlaneFamilies()),
    "",
  ].join("\n");
}

interface Described {
  readonly name: string;
  readonly type: string;
  readonly help: string;
}

function table(families: readonly Described[]): readonly string[] {
  const rows = families.map(({ name, type, help }) => `| \`${name}\` | ${type} | ${help} |`);
  return ["| name | type | what it says |", "|---|---|---|", ...rows];
}

function labelsOf(family: MetricFamily | undefined): string {
  const names = family?.metrics[0]?.labels.map(([name]) => `\`${name}\``) ?? [];
  if (names.length === 0) throw new Error(`${family?.name} has no labels`);
  return names.join(", ");
}

function boundsOf(families: readonly MetricFamily[]): string {
  for (const { metrics } of families)
    for (const metric of metrics) if (metric.kind === "histogram") return metric.bounds.join(", ");
  throw new Error("there is no histogram");
}

/** A proxy that has carried one request and one connection. */
async function proxyFamilies(): Promise<readonly MetricFamily[]> {
  const plane = idleDataPlane();
  const pair = {
    reporter: "source",
    source: unknownWorkload,
    destination: unknownWorkload,
    destinationService: "unknown",
    destinationServiceName: "unknown",
    destinationServiceNamespace: "unknown",
    connectionSecurityPolicy: "unknown",
  } as const;
  plane.metrics.requests(pair).record(200, "-", "http", "", 1, 0, 0);
  plane.metrics.tcp(pair).opened++;
  const families = plane.metrics.families();
  const names = new Set(families.map(({ name }) => name));
  const own = plane.facts().families;
  const further = plane.goldenSignals().filter(({ name }) => !names.has(name));
  await plane.close();
  return [...families, ...own, ...further];
}

function idleDataPlane(): DataPlane {
  const address = { host: "127.0.0.1", port: 0 };
  const identity = new IdentityStore({
    id: spiffeIdOf({ trustDomain: "cluster.local", namespace: "shop", serviceAccount: "web" }),
    trustDomain: "cluster.local",
    path: "",
    requestCertificate: undefined,
    clock: systemClock,
    random: Math.random,
    log: silentLog,
    onRenewed: () => undefined,
  });
  return new DataPlane({
    workload: {
      namespace: "shop",
      name: "web-1",
      app: "web",
      serviceAccount: "web",
      labels: {},
      inbound: [],
      outbound: [],
      admin: address,
      metrics: address,
      version: manifest.version,
    },
    identity,
    secret: "",
    sockets: new Map(),
    accessLog: undefined,
    clock: systemClock,
    random: Math.random,
    log: silentLog,
    peerUid: () => undefined,
    ownUid: -1,
    notReadyBecause: () => undefined,
  });
}

async function controlPlaneFamilies(): Promise<readonly Described[]> {
  const dataDir = mkdtempSync(join(tmpdir(), "weft-metrics-"));
  try {
    await using plane = await startControlPlane({
      dataDir,
      host: "127.0.0.1",
      ports: { api: 0, xds: 0, metrics: 0 },
      trustDomain: "cluster.local",
      extraNames: [],
      extraAddresses: [],
      version: manifest.version,
      clock: systemClock,
      log: silentLog,
      random: Math.random,
    });
    const { host, port } = plane.announcement.metrics;
    const text = await (await fetch(`http://${host}:${port}/metrics`)).text();
    return [...text.matchAll(/^# HELP (\S+) (.*)\n# TYPE \S+ (\S+)$/gm)].map(
      ([, name = "", help = "", type = ""]) => ({ name, help, type }),
    );
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

if (import.meta.main) await Bun.write("docs/reference/metrics.md", await metricsPage());
