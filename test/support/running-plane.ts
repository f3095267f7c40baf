import { readFileSync } from "node:fs";
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { join } from "node:path";
import type { ConfigResource } from "#config/snapshot.ts";
import { systemClock } from "#core/clock.ts";
import { silentLog } from "#core/log.ts";
import { readSpiffeId } from "#core/spiffe/spiffe-id.ts";
import { type ListeningSocket, openListeningSocket } from "#net/listening-socket.ts";
import { snapshotOf } from "#proxy/config/last-good.ts";
import { DataPlane } from "#proxy/data-plane.ts";
import { IdentityStore } from "#proxy/identity/identity-store.ts";
import type { ProxyLimits } from "#proxy/limits/limit-table.ts";
import { openLineWriter } from "#proxy/telemetry/line-writer.ts";
import type { Resolve } from "#proxy/upstream/resolved-names.ts";
import { tempDir } from "./temp-dir.ts";
import { type TestIssuer, testIssuer } from "./test-issuer.ts";

/** One proxy without a control plane, on real sockets, in the test's process. */
export interface RunningPlane extends AsyncDisposable {
  readonly plane: DataPlane;
  /** Port of a listener by its name. */
  port(listener: string): number;
  apply(resources: readonly ConfigResource[]): void;
  /** What the access log holds now. */
  log(): Promise<readonly Record<string, unknown>[]>;
}

export interface RunningPlaneOptions {
  readonly name: string;
  readonly sockets: readonly string[];
  readonly resources: readonly ConfigResource[];
  readonly issuer?: TestIssuer;
  readonly peerUid?: number;
  /** Instead of the system's names. */
  readonly resolve?: Resolve;
  /** Default: those of the table. */
  readonly limits?: ProxyLimits;
  /** What counts as the proxy's memory; default: that of the test's process. */
  readonly usedBytes?: () => number;
}

export const SECRET = "test-secret";
const HOUR_MS = 3_600_000;

export function freshIssuer(): TestIssuer {
  const now = Date.now();
  return testIssuer({ notBeforeMs: now - HOUR_MS, notAfterMs: now + HOUR_MS });
}

export function idOf(name: string): string {
  return `spiffe://cluster.local/ns/shop/sa/${name}`;
}

export async function runPlane(options: RunningPlaneOptions): Promise<RunningPlane> {
  const { name, issuer = freshIssuer() } = options;
  const dir = await tempDir();
  const id = readSpiffeId(idOf(name));
  const identity = new IdentityStore({
    id,
    trustDomain: "cluster.local",
    path: join(dir.path, "identity"),
    requestCertificate: async (csr) => issuer.issue(csr, id),
    clock: systemClock,
    random: Math.random,
    log: silentLog,
    onRenewed: () => undefined,
  });
  await identity.enrol();
  const sockets = new Map<string, ListeningSocket>();
  for (const socket of options.sockets)
    sockets.set(socket, openListeningSocket({ host: "127.0.0.1", port: 0 }));
  const logPath = join(dir.path, "access.log");
  const accessLog = openLineWriter({ path: logPath });
  const plane = new DataPlane({
    workload: {
      namespace: "shop",
      name: `${name}-1`,
      app: name,
      serviceAccount: name,
      labels: { app: name, version: "v1" },
      inbound: [],
      outbound: [],
      admin: { host: "127.0.0.1", port: 0 },
      version: "test",
    },
    identity,
    secret: SECRET,
    sockets: new Map([...sockets].map(([key, { fd }]) => [key, { fd }])),
    accessLog,
    clock: systemClock,
    random: Math.random,
    log: silentLog,
    peerUid: () => options.peerUid ?? process.getuid?.(),
    ownUid: process.getuid?.() ?? 0,
    notReadyBecause: () => undefined,
    ...(options.resolve !== undefined && { resolve: options.resolve }),
    ...(options.limits !== undefined && { limits: options.limits }),
    ...(options.usedBytes !== undefined && { usedBytes: options.usedBytes }),
  });
  const apply = (resources: readonly ConfigResource[]): void => {
    const result = plane.apply(snapshotOf(resources));
    if (result.kind === "refused") throw new Error(result.reason);
  };
  apply(options.resources);
  await plane.listening();
  await plane.serveAdmin();
  return {
    plane,
    apply,
    port: (listener) => sockets.get(listener)?.port ?? 0,
    log: async () => {
      await accessLog.flush();
      const lines = readFileSync(logPath, "utf8").split("\n").filter(Boolean);
      return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    },
    [Symbol.asyncDispose]: async () => {
      identity[Symbol.dispose]();
      await plane.close();
      await accessLog[Symbol.asyncDispose]();
      await dir[Symbol.asyncDispose]();
    },
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Call {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly secret?: string | undefined;
}

/** One request through an HTTP proxy listener, as `http_proxy` makes programs send it. */
export function viaProxy(port: number, url: string, call: Call = {}): Promise<Answer> {
  const secret = "secret" in call ? call.secret : SECRET;
  const credentials = Buffer.from(`weft:${secret}`).toString("base64");
  const headers = {
    host: new URL(url).host,
    ...(secret === undefined ? {} : { "proxy-authorization": `Basic ${credentials}` }),
    ...call.headers,
  };
  return send({ port, path: url, ...call, headers });
}

/** One request straight to a port. */
export function direct(port: number, path: string, call: Call = {}): Promise<Answer> {
  return send({ port, path, ...call, headers: { host: `127.0.0.1:${port}`, ...call.headers } });
}

function send({
  port,
  path,
  method = "GET",
  headers = {},
  body,
}: Call & { readonly port: number; readonly path: string }): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { host: "127.0.0.1", port, path, method, headers, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString(),
          }),
        );
      },
    );
    request.on("error", reject);
    request.end(body);
  });
}

/** The routing of Node may add fields of its own: what a backend saw, by lower-case name. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}
