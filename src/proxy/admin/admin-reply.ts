import type { ConfigType, Snapshot } from "#config/snapshot.ts";
import type { LocalReply, RequestHead } from "#http/exchange.ts";
import type { VerdictLine } from "../detection/verdicts.ts";
import type { HeldIdentity } from "../identity/held-identity.ts";
import { splitAuthority } from "../router/host-table.ts";
import { type MetricFamily, prometheusText } from "../telemetry/metric-family.ts";
import type { UpstreamCluster } from "../upstream/upstream-cluster.ts";
import { certificatesPage } from "./certificates-page.ts";
import { clustersJson, clustersText } from "./clusters-page.ts";
import type { WorkerFacts } from "./worker-facts.ts";

/** What the admin address shows. It answers reads only, and holds nothing secret: no key, no token. */
export interface AdminSubject {
  /** Undefined: ready. Else what is still missing. */
  readonly notReadyBecause: () => string | undefined;
  readonly snapshot: () => Snapshot;
  readonly clusters: () => Iterable<UpstreamCluster>;
  readonly verdicts: () => readonly VerdictLine[];
  readonly listeners: () => readonly ListenerLine[];
  /** What other workers of this proxy say of themselves. */
  readonly others: () => readonly WorkerFacts[];
  readonly metrics: () => readonly MetricFamily[];
  readonly identity: () => HeldIdentity | undefined;
  readonly rootsPem: () => readonly string[];
  readonly wallMs: () => number;
}

export interface ListenerLine {
  readonly name: string;
  readonly address: string;
  readonly connections: number;
}

type Page = (subject: AdminSubject, query: URLSearchParams) => LocalReply;

const pages: Readonly<Record<string, Page>> = {
  "/": () => text(`${Object.keys(pages).slice(1).join("\n")}\n`),
  "/ready": ({ notReadyBecause }) => {
    const reason = notReadyBecause();
    return reason === undefined ? text("LIVE\n") : text(`not ready: ${reason}\n`, 503);
  },
  "/config_dump": ({ snapshot }) => json(dump(snapshot())),
  "/clusters": ({ clusters, verdicts, others }, query) =>
    query.get("format") === "json"
      ? json(clustersJson(clusters(), { seen: verdicts(), others: others() }))
      : text(clustersText(clusters(), { seen: verdicts(), others: others() })),
  "/listeners": (subject, query) =>
    query.get("format") === "json"
      ? json(listenersOfAll(subject))
      : text(
          subject
            .listeners()
            .map(({ name, address }) => `${name}::${address}\n`)
            .join(""),
        ),
  "/certs": ({ identity, rootsPem, wallMs }) =>
    json(certificatesPage(identity(), rootsPem(), wallMs())),
  "/stats/prometheus": ({ metrics }) => prometheus(metrics()),
  "/metrics": ({ metrics }) => prometheus(metrics()),
};

/** `loopbackOnly`: refuses names in Host, so that no web page can reach it by a name that it points here. */
export function adminReply(
  subject: AdminSubject,
  head: RequestHead,
  loopbackOnly: boolean,
): LocalReply {
  if (loopbackOnly && !isLoopback(splitAuthority(head.authority.toLowerCase()).host))
    return text(
      `this address answers to 127.0.0.1 and localhost only, not to ${head.authority}\n`,
      403,
    );
  if (head.method !== "GET" && head.method !== "HEAD")
    return { ...text("only GET\n", 405), fields: [["allow", "GET, HEAD"]] };
  const question = head.path.indexOf("?");
  const path = question === -1 ? head.path : head.path.slice(0, question);
  const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
  if (page === undefined) return text(`no page ${path}; see /\n`, 404);
  return page(subject, new URLSearchParams(question === -1 ? "" : head.path.slice(question + 1)));
}

/** The metrics port is scraped from elsewhere, so it has the metrics and nothing else. */
export function metricsReply(subject: AdminSubject, head: RequestHead): LocalReply {
  const path = head.path.split("?")[0] ?? "";
  const isMetrics = path === "/metrics" || path === "/stats/prometheus";
  return isMetrics ? adminReply(subject, head, false) : text("see /stats/prometheus\n", 404);
}

function listenersOfAll({ listeners, others }: AdminSubject): readonly ListenerLine[] {
  const of = (name: string) => others().map((facts) => facts.listeners[name] ?? 0);
  return listeners().map((line) => ({
    ...line,
    connections: of(line.name).reduce((sum, more) => sum + more, line.connections),
  }));
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host);
}

function dump(snapshot: Snapshot): unknown {
  const types = Object.keys(snapshot) as ConfigType[];
  return Object.fromEntries(
    types.map((type) => [
      type,
      [...snapshot[type].values()].map(({ name, version, value }) => ({ name, version, value })),
    ]),
  );
}

function text(body: string, status = 200): LocalReply {
  return { status, fields: [["content-type", "text/plain; charset=utf-8"]], body };
}

function json(value: unknown): LocalReply {
  return {
    status: 200,
    fields: [["content-type", "application/json"]],
    body: `${JSON.stringify(value, null, 2)}\n`,
  };
}

function prometheus(families: readonly MetricFamily[]): LocalReply {
  const type = "text/plain; version=0.0.4; charset=utf-8";
  return { status: 200, fields: [["content-type", type]], body: prometheusText(families) };
}
