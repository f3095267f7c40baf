import { Buffer } from "node:buffer";
import type { Route } from "#config/route.ts";
import type { RequestHandler, ServerExchange, ServerExchangeEvents } from "#http/exchange.ts";
import type { Transport } from "#net/transport.ts";
import { decodeResponseHead, RESPONSE_LIMITS } from "#wire/http1/response-head.ts";
import { type After, detectProtocol } from "../detection/detect-protocol.ts";
import type { Downstream, OutboundState } from "../downstream.ts";
import type { Failure } from "../local-reply.ts";
import type { ProxyRuntime } from "../proxy-runtime.ts";
import { FIELD } from "../request-edits.ts";
import { splitAuthority } from "../router/host-table.ts";
import { addressOf, type OpenConnections } from "../serve-connection.ts";
import type { RequestServer } from "../serve-request.ts";
import { passTcp } from "../tcp-tunnel.ts";
import { downstreamFragment } from "../telemetry/access-log-line.ts";
import { unknownWorkload } from "../telemetry/series.ts";
import type { DialSurroundings } from "../upstream/dial.ts";
import { outboundPair, type UpstreamCluster } from "../upstream/upstream-cluster.ts";
import type { SecretCheck } from "./run-secret.ts";

export interface OutboundSurroundings {
  readonly runtime: ProxyRuntime;
  readonly server: RequestServer;
  readonly connections: OpenConnections;
  readonly dialling: DialSurroundings;
  readonly checkSecret: SecretCheck;
  /** Who made a loopback connection; undefined when that cannot be told. */
  readonly peerUid: (transport: Transport) => number | undefined;
  readonly ownUid: number;
  readonly after: After;
}

/** A caller inside CONNECT that says nothing for so long waits for its server to begin. */
const SILENCE_MS = 1_000;

/** The application's own side: everything that comes in here speaks with the workload's identity, so it is guarded. */
export function acceptOutbound(
  around: OutboundSurroundings,
  listener: OutboundState,
  transport: Transport,
): void {
  const downstream = downstreamOf(listener, transport, undefined);
  const stranger = strangerOf(around, transport);
  const handler = new OutboundConnection(around, downstream, stranger).handler();
  around.connections.serve(around.runtime, downstream, transport, handler);
}

function downstreamOf(
  listener: OutboundState,
  transport: Transport,
  fallbackAuthority: string | undefined,
): Downstream {
  const { local, remote } = transport;
  return {
    listener,
    principal: undefined,
    namespace: undefined,
    remoteIp: remote.host,
    logFragment: downstreamFragment({
      local: addressOf(local),
      remote: addressOf(remote),
      serverName: "",
      peer: undefined,
      direction: "outbound",
    }),
    authority: listener.config.mode === "upstream" ? listener.config.authority : undefined,
    clientCertField: undefined,
    series: undefined,
    fallbackAuthority,
  };
}

/** The kernel says whose the other end is: only our own user (and root, who may do everything anyway) passes. */
function strangerOf(
  { peerUid, ownUid }: OutboundSurroundings,
  transport: Transport,
): Failure | undefined {
  const uid = peerUid(transport);
  if (uid === ownUid || uid === 0) return undefined;
  const who = uid === undefined ? "a user that cannot be told" : `user ${uid}`;
  return { code: "other-user", message: `${who} may not use the ports of user ${ownUid}` };
}

class OutboundConnection {
  readonly #around: OutboundSurroundings;
  readonly #downstream: Downstream;
  readonly #stranger: Failure | undefined;
  /** The field that passed on this connection: compared as text from then on. */
  #accepted: string | undefined;

  constructor(around: OutboundSurroundings, downstream: Downstream, stranger: Failure | undefined) {
    this.#around = around;
    this.#downstream = downstream;
    this.#stranger = stranger;
  }

  handler(): RequestHandler {
    return (exchange) => {
      const refusal = this.#stranger ?? this.#refusalOf(exchange);
      const { server } = this.#around;
      if (refusal === undefined && exchange.request.method === "CONNECT")
        return this.#connect(exchange);
      return server.serve(this.#downstream, exchange, refusal);
    };
  }

  #refusalOf({ request }: ServerExchange): Failure | undefined {
    const { listener } = this.#downstream;
    if (listener.kind !== "outbound") return undefined;
    if (listener.config.mode === "upstream") {
      if (request.method !== "CONNECT") return undefined;
      return { code: "connect-not-allowed", message: "this port leads to one destination only" };
    }
    const field = request.field(FIELD.proxyAuthorization);
    if (field !== undefined && field === this.#accepted) return undefined;
    if (!this.#around.checkSecret(field)) {
      const message =
        field === undefined
          ? "the request carries no Proxy-Authorization"
          : "the request's Proxy-Authorization is not the secret of this run";
      return { code: "proxy-auth-required", message };
    }
    this.#accepted = field;
    return undefined;
  }

  /** To a host of the mesh the tunnel ends here, and what is inside takes the way that any request takes. */
  #connect(exchange: ServerExchange): ServerExchangeEvents {
    const authority = exchange.request.authority.toLowerCase();
    const found = this.#destination(authority);
    if (!("cluster" in found)) return this.#around.server.serve(this.#downstream, exchange, found);
    exchange.respond(established, undefined);
    const transport = exchange.takeOver();
    const { runtime, after } = this.#around;
    const toServer = (inner: Transport): void => this.#passTcp(inner, authority, found.cluster);
    if (!found.isMesh) toServer(transport);
    else
      detectProtocol(transport, SILENCE_MS, after, {
        onHttp: (inner) => this.#serveInside(inner, authority),
        onOther: toServer,
      });
    runtime.log.debug({ authority, isMesh: found.isMesh }, "CONNECT");
    return ignored;
  }

  #destination(
    authority: string,
  ): { readonly cluster: UpstreamCluster; readonly isMesh: boolean } | Failure {
    const { listener } = this.#downstream;
    const { clusters } = this.#around.runtime;
    const host = listener.table.find(authority);
    if (host !== undefined) {
      const cluster = firstCluster(host, clusters);
      if (cluster !== undefined) return { cluster, isMesh: true };
      return { code: "cluster-not-found", message: `${authority}: its destination does not exist` };
    }
    const { host: name, port } = splitAuthority(authority);
    if (listener.config.kind === "outbound" && listener.config.unknownHosts === "passthrough")
      return {
        cluster: clusters.passthrough(unbracketed(name), Number(port ?? 443)),
        isMesh: false,
      };
    return { code: "unknown-host", message: `${authority} is not a host of the mesh` };
  }

  #serveInside(transport: Transport, authority: string): void {
    const { listener } = this.#downstream;
    if (listener.kind !== "outbound") return;
    const { runtime, server, connections } = this.#around;
    const inside = downstreamOf(listener, transport, authority);
    connections.serve(runtime, inside, transport, (exchange) => {
      const refusal: Failure | undefined =
        exchange.request.method === "CONNECT"
          ? { code: "connect-not-allowed", message: "there is no CONNECT inside CONNECT" }
          : undefined;
      return server.serve(inside, exchange, refusal);
    });
  }

  #passTcp(transport: Transport, authority: string, cluster: UpstreamCluster): void {
    const { runtime, dialling } = this.#around;
    const pair = ({ config }: UpstreamCluster) =>
      outboundPair(runtime.self, config, unknownWorkload);
    passTcp(
      { runtime, dialling, downstream: this.#downstream, transport, authority, pair },
      cluster,
    );
  }
}

/** Bytes that are not HTTP can only follow a route that asks for nothing of HTTP: the last one, which takes the rest. */
function firstCluster(
  { host }: { readonly host: { readonly routes: readonly Route[] } },
  clusters: ProxyRuntime["clusters"],
): UpstreamCluster | undefined {
  const action = host.routes.at(-1)?.action;
  if (action?.kind !== "forward") return undefined;
  const target = action.clusters.find(({ weight }) => weight > 0);
  return target && clusters.get(target.cluster);
}

const ignored: ServerExchangeEvents = {
  onRequestData: () => undefined,
  onRequestEnd: () => undefined,
  onResponseDrain: () => undefined,
  onExchangeEnd: () => undefined,
};

const establishedBytes = Buffer.from("HTTP/1.1 200 Connection established\r\n\r\n", "latin1");
const established = readEstablished();

function readEstablished() {
  const head = decodeResponseHead(
    establishedBytes,
    0,
    establishedBytes.length,
    "CONNECT",
    RESPONSE_LIMITS,
  );
  if (head === undefined) throw new Error("the answer to CONNECT is not whole");
  return head;
}

function unbracketed(host: string): string {
  return host.startsWith("[") ? host.slice(1, -1) : host;
}
