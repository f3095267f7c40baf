import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createServer as createTlsServer, type Server } from "node:tls";
import type { Hono } from "hono";
import type { Clock } from "#core/clock.ts";
import type { Log } from "#core/log.ts";
import { makeDiscovery } from "./discovery/discovery.ts";
import { type ConnectionLimits, defaultLimits, OpenConnections } from "./http/connection-limits.ts";
import { serveRequest } from "./http/node-adapter.ts";
import { rescue } from "./http/rescue.ts";
import { makeOpenApi } from "./openapi/open-api.ts";
import type { Registry } from "./registry/registry.ts";
import { makeApp } from "./rest/app.ts";
import type { IssueToken } from "./rest/resource-request.ts";
import { type BearerToken, makeAuthenticate } from "./security/tokens.ts";

/** PEM texts. */
export interface TlsIdentity {
  readonly cert: string;
  readonly key: string;
}

export interface ServeApiOptions {
  readonly registry: Registry;
  readonly tls: TlsIdentity;
  readonly tokens: readonly BearerToken[];
  /** Port 0 takes any free one. */
  readonly address: { readonly host: string; readonly port: number };
  /** Names, beside loopback's and the address itself, by which clients may call the server. */
  readonly names?: readonly string[];
  /** Served below `/weft/`, behind the same authentication. The context's `user` says who asks. */
  readonly extraRoutes?: Hono;
  /** Answers `POST …/serviceaccounts/<name>/token`; without it that is not served. */
  readonly issueToken?: IssueToken;
  readonly limits?: ConnectionLimits;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
}

/** A server that exists is listening. Disposing it ends its connections, watches included. */
export interface ApiServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** New handshakes get the new certificate; open connections stay. */
  setTls(tls: TlsIdentity): void;
}

const MAX_HEADER_BYTES = 64 * 1024;

/** Throws when the address cannot be had or the certificate is none. */
export async function serveApi(options: ServeApiOptions): Promise<ApiServer> {
  const { registry, address, log } = options;
  const { table } = registry;
  const app = makeApp({
    ...options,
    discovery: makeDiscovery({ table, issuesTokens: options.issueToken !== undefined }),
    openApi: makeOpenApi(table),
    authenticate: makeAuthenticate(options.tokens),
    names: new Set([address.host, ...(options.names ?? [])].map((name) => name.toLowerCase())),
  });
  const open = new OpenConnections(options.limits ?? defaultLimits);
  const http = createServer({ maxHeaderSize: MAX_HEADER_BYTES }, (incoming, outgoing) => {
    open.serve(incoming, outgoing);
    serveRequest((request) => app.fetch(request), incoming, outgoing).catch((error: unknown) => {
      rescue(error, log);
      outgoing.destroy();
    });
  });
  // TLS in front of HTTP, rather than node:https, since here the certificate can be changed under open connections.
  const server = createTlsServer(tlsOptions(options.tls), (socket) => {
    http.emit("connection", socket);
  });
  server.on("connection", (socket) => open.accept(socket));
  server.on("tlsClientError", (error) => log.debug({ err: error }, "a TLS handshake failed"));
  server.listen(address.port, address.host);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  return {
    url: `https://${host}:${port}`,
    port,
    setTls: (tls) => server.setSecureContext(tlsOptions(tls)),
    [Symbol.asyncDispose]: () => close(server, open),
  };
}

function tlsOptions({ cert, key }: TlsIdentity) {
  return { cert, key, minVersion: "TLSv1.2", ALPNProtocols: ["http/1.1"] } as const;
}

async function close(server: Server, open: OpenConnections): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, "close");
  server.close();
  open.closeAll();
  await closed;
}
