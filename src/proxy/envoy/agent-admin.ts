// The addresses at which a workload's proxy is looked at. Envoy's own pages are shown as they are; what would change or stop
// it is not passed on.

import type { LocalReply, RequestHead, ServerExchange } from "#http/exchange.ts";
import { serveHttp1 } from "#http/server/serve-http1.ts";
import { type Listener, listen } from "#net/listener.ts";
import { certificatesPage } from "../admin/certificates-page.ts";
import type { InheritedSocket } from "../bootstrap.ts";
import type { IdentityStore } from "../identity/identity-store.ts";
import { splitAuthority } from "../router/host-table.ts";
import { type MetricFamily, prometheusText } from "../telemetry/metric-family.ts";
import type { EnvoyAdmin } from "./envoy-admin.ts";
import { withoutOwnCounters } from "./golden-signals.ts";

export interface AgentAdminOptions {
  readonly sockets: readonly InheritedSocket[];
  readonly admin: EnvoyAdmin;
  readonly identity: IdentityStore;
  readonly wallMs: () => number;
  /** Requests in Istio's words, for metrics. */
  readonly golden: (text: string) => readonly MetricFamily[];
  /** Undefined: ready. */
  readonly notReadyBecause: () => Promise<string | undefined>;
}

/** Envoy's pages that only show. */
const SHOWN = new Set(["/config_dump", "/clusters", "/listeners", "/server_info", "/stats"]);

/** Serves `admin` and `metrics`, as far as the parent has handed sockets over. */
export async function serveAgentAdmin(options: AgentAdminOptions): Promise<AsyncDisposable> {
  const opened: Listener[] = [];
  for (const { name, fd } of options.sockets) {
    if (name !== "admin" && name !== "metrics") continue;
    const page = name === "admin" ? adminPage : metricsPage;
    opened.push(
      await listen({
        address: { fd },
        mode: "plain",
        onConnection: (transport) =>
          void serveHttp1(transport, (exchange) => answerLater(exchange, page, options)),
      }),
    );
  }
  return {
    async [Symbol.asyncDispose]() {
      for (const listener of opened) await listener.drained(0);
    },
  };
}

type Page = (head: RequestHead, options: AgentAdminOptions) => Promise<LocalReply>;

function answerLater(exchange: ServerExchange, page: Page, options: AgentAdminOptions) {
  let isOver = false;
  const reply = page(exchange.request, options).catch((cause: unknown) =>
    text(`Envoy does not answer: ${cause instanceof Error ? cause.message : cause}\n`, 503),
  );
  void reply.then((answer) => {
    if (!isOver) exchange.reply(answer);
  });
  return {
    onRequestData: () => undefined,
    onRequestEnd: () => undefined,
    onResponseDrain: () => undefined,
    onExchangeEnd: () => {
      isOver = true;
    },
  };
}

const adminPage: Page = async (head, options) => {
  const { admin, identity, wallMs, notReadyBecause } = options;
  if (!isLoopback(splitAuthority(head.authority.toLowerCase()).host))
    return text(
      `this address answers to 127.0.0.1 and localhost only, not to ${head.authority}\n`,
      403,
    );
  if (head.method !== "GET" && head.method !== "HEAD") return text("only GET\n", 405);
  const path = pathOf(head);
  if (path === "/ready") {
    const reason = await notReadyBecause();
    return reason === undefined ? text("LIVE\n") : text(`not ready: ${reason}\n`, 503);
  }
  if (path === "/certs") return json(certificatesPage(identity.held, identity.rootsPem, wallMs()));
  if (path === "/metrics" || path === "/stats/prometheus") return await metrics(options);
  if (SHOWN.has(path)) return await shown(admin, head.path);
  if (path === "/")
    return text(`${["/ready", "/certs", ...SHOWN, "/stats/prometheus", "/metrics"].join("\n")}\n`);
  return text(`no page ${path}; see /\n`, 404);
};

/** Scraped from elsewhere, so it has the metrics and nothing else. */
const metricsPage: Page = async (head, options) => {
  const path = pathOf(head);
  return path === "/metrics" || path === "/stats/prometheus"
    ? await metrics(options)
    : text("see /stats/prometheus\n", 404);
};

async function metrics({ admin, golden }: AgentAdminOptions): Promise<LocalReply> {
  const { contentType, body } = await admin.get("/stats/prometheus");
  const all = new TextDecoder().decode(body);
  return {
    status: 200,
    fields: [["content-type", contentType]],
    body: prometheusText(golden(all)) + withoutOwnCounters(all),
  };
}

async function shown(admin: EnvoyAdmin, path: string): Promise<LocalReply> {
  const { status, contentType, body } = await admin.get(path);
  return { status, fields: [["content-type", contentType]], body };
}

function pathOf({ path }: RequestHead): string {
  return path.split("?")[0] ?? "";
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host);
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
