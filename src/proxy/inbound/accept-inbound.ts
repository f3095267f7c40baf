import type { VerifiedSvid } from "#core/spiffe/verify-svid.ts";
import type { RequestHandler } from "#http/exchange.ts";
import type { ClientHello } from "#net/first-tls-message.ts";
import type { Transport } from "#net/transport.ts";
import { detectProtocol } from "../detection/detect-protocol.ts";
import { detectVersion } from "../detection/detect-version.ts";
import type { Downstream, InboundState } from "../downstream.ts";
import type { Failure } from "../local-reply.ts";
import { addressOf } from "../serve-connection.ts";
import type { HttpVersion } from "../serve-http.ts";
import { refuseTcp, startedNow } from "../tcp/pass-tcp.ts";
import { UpstreamDial } from "../tcp/upstream-dial.ts";
import { downstreamFragment } from "../telemetry/access-log-line.ts";
import type { InboundSurroundings } from "./inbound-surroundings.ts";
import { applicationOf, callOf, denialOf, type InboundPassage, serveBytes } from "./serve-bytes.ts";

/** What a caller says by the ALPN that was negotiated. */
const CONTENT_OF_ALPN: ReadonlyMap<string, HttpVersion | "tcp"> = new Map([
  ["weft-h2", "weft-h2"],
  ["istio-http/1.1", "http1"],
  ["istio-http/1.0", "http1"],
  ["istio-h2", "http2"],
  ["istio", "tcp"],
  ["h2", "http2"],
  ["http/1.1", "http1"],
  ["http/1.0", "http1"],
]);

/** In the order of preference: Weft's own, HTTP and TCP inside Istio's mutual TLS, then clients that know neither name. */
export const INBOUND_ALPN: readonly string[] = [...CONTENT_OF_ALPN.keys()];

/** Clients that mean the proxy's TLS say so by one of these. */
const MESH_ALPN: ReadonlySet<string> = new Set(
  INBOUND_ALPN.filter((name) => name.startsWith("weft-") || name.startsWith("istio")),
);

/**
 * Whether TLS is the application's own. Callers in plaintext are let in under PERMISSIVE, and TLS of an application is
 * plaintext to the mesh; where nothing but requests are declared there is none.
 */
export function foreignTls({
  config: { mtls, content },
}: InboundState): ((hello: ClientHello) => boolean) | undefined {
  return mtls === "permissive" && content !== "http" ? isForeign : undefined;
}

function isForeign({ protocols }: ClientHello): boolean {
  return !protocols.some((name) => MESH_ALPN.has(name));
}

/** A connection to the application, after the handshake: who calls is known, what it may is asked per request. */
export function acceptInbound(
  around: InboundSurroundings,
  listener: InboundState,
  transport: Transport,
): void {
  const { runtime, connections } = around;
  const downstream = downstreamOf(around, listener, transport);
  const passage = { listener, downstream, started: startedNow(runtime) };
  const handler = requestHandler(around, downstream);
  const serve = (inner: Transport, version: HttpVersion): void =>
    connections.serve({ runtime, downstream, version }, inner, handler);
  const said = CONTENT_OF_ALPN.get(transport.tls?.alpn ?? "") ?? listener.config.content;
  if (said === "tcp") serveBytes(around, passage, { caller: { transport }, upstream: undefined });
  else if (said === "http")
    connections.lookAt((onGone) =>
      detectVersion(transport, serve, onGone, runtime.settings.detection),
    );
  else if (said === undefined || said === "detect") look(around, passage, transport, serve);
  else serve(transport, said);
}

function downstreamOf(
  { ownId }: InboundSurroundings,
  listener: InboundState,
  { local, remote, tls }: Transport,
): Downstream {
  const svid = tls?.identity as VerifiedSvid | undefined;
  const field = svid && `By=${ownId};Hash=${svid.fingerprint};Subject="";URI=${svid.id}`;
  return {
    listener,
    principal: svid?.id.slice("spiffe://".length),
    namespace: svid?.identity?.namespace,
    remoteIp: remote.host,
    logFragment: downstreamFragment({
      local: addressOf(local),
      remote: addressOf(remote),
      serverName: tls?.sni ?? "",
      peer: svid?.id,
      direction: "inbound",
    }),
    authority: undefined,
    clientCertField: field,
    series: undefined,
    fallbackAuthority: undefined,
  };
}

function requestHandler({ server }: InboundSurroundings, downstream: Downstream): RequestHandler {
  return (exchange) =>
    server.serve(downstream, exchange, refusalOf(downstream, exchange.request.method));
}

/** The mode is the one of now: a connection that began under PERMISSIVE does not outlive it. */
function refusalOf({ listener, principal }: Downstream, method: string): Failure | undefined {
  if (listener.kind !== "inbound") return undefined;
  if (listener.config.mtls === "strict" && principal === undefined)
    return { code: "tls-required", message: "this workload accepts mutual TLS only (STRICT)" };
  if (method === "CONNECT")
    return {
      code: "connect-not-allowed",
      message: "an inbound port forwards to its application only",
    };
  return undefined;
}

/** The application is opened ahead only for callers that may speak to it whatever they say. */
function look(
  around: InboundSurroundings,
  passage: InboundPassage,
  transport: Transport,
  serve: (transport: Transport, version: HttpVersion) => void,
): void {
  const { connections, runtime, verdicts, after } = around;
  const { name } = passage.listener.config;
  const cluster = applicationOf(around, passage.listener);
  const mayOpen = cluster !== undefined && denialOf(around, passage) === undefined;
  const options = {
    verdict: verdicts.of(name),
    carriesRequests: true,
    asksServerName: false,
    times: runtime.settings.detection,
    after,
    ...(mayOpen && {
      openAhead: (outcome: UpstreamOutcome) => new UpstreamDial(around, cluster, outcome),
    }),
  };
  connections.lookAt((onGone) =>
    detectProtocol(
      transport,
      options,
      {
        onHttp: serve,
        onBytes: (found) => serveBytes(around, passage, found),
        onUnreachable: (inner, failed) => refuseTcp(callOf(around, passage), inner, failed),
      },
      onGone,
    ),
  );
}

type UpstreamOutcome = ConstructorParameters<typeof UpstreamDial>[2];
