import type { SpiffeId } from "#core/spiffe/spiffe-id.ts";
import type { VerifiedSvid } from "#core/spiffe/verify-svid.ts";
import type { Transport } from "#net/transport.ts";
import { type After, detectProtocol } from "../detection/detect-protocol.ts";
import type { Downstream, InboundState } from "../downstream.ts";
import type { Failure } from "../local-reply.ts";
import { authorize, explainDenial } from "../policy/authorize.ts";
import type { PolicyFacts } from "../policy/policy-facts.ts";
import type { ProxyRuntime } from "../proxy-runtime.ts";
import { addressOf, type OpenConnections } from "../serve-connection.ts";
import type { RequestServer } from "../serve-request.ts";
import { passTcp } from "../tcp-tunnel.ts";
import { downstreamFragment } from "../telemetry/access-log-line.ts";
import { inboundPair } from "../telemetry/inbound-series.ts";
import type { DialSurroundings } from "../upstream/dial.ts";

export interface InboundSurroundings {
  readonly runtime: ProxyRuntime;
  readonly server: RequestServer;
  readonly connections: OpenConnections;
  readonly dialling: DialSurroundings;
  /** Who we are, for `x-forwarded-client-cert`. */
  readonly ownId: SpiffeId;
  readonly after: After;
}

/** What a caller that says nothing is: one that waits for the server to speak first. */
const SILENCE_MS = 3_000;

/** In the order of preference: HTTP and TCP inside Istio's mutual TLS, then clients that know neither name. */
export const INBOUND_ALPN: readonly string[] = ["istio-http/1.1", "istio", "http/1.1"];

/** A connection to the application, after the handshake: who calls is known, what it may is asked per request. */
export function acceptInbound(
  around: InboundSurroundings,
  listener: InboundState,
  transport: Transport,
): void {
  const svid = transport.tls?.identity as VerifiedSvid | undefined;
  const downstream = downstreamOf(around, listener, transport, svid);
  const alpn = transport.tls?.alpn ?? "";
  if (alpn === "istio-http/1.1" || alpn === "http/1.1") serveHttp(around, downstream, transport);
  else if (alpn === "istio") serveTcp(around, downstream, transport);
  else
    detectProtocol(transport, SILENCE_MS, around.after, {
      onHttp: (inner) => serveHttp(around, downstream, inner),
      onOther: (inner) => serveTcp(around, downstream, inner),
    });
}

function downstreamOf(
  { ownId }: InboundSurroundings,
  listener: InboundState,
  transport: Transport,
  svid: VerifiedSvid | undefined,
): Downstream {
  const { local, remote, tls } = transport;
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

function serveHttp(
  { runtime, server, connections }: InboundSurroundings,
  downstream: Downstream,
  transport: Transport,
): void {
  connections.serve(runtime, downstream, transport, (exchange) =>
    server.serve(downstream, exchange, refusalOf(downstream, exchange.request.method)),
  );
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

function serveTcp(
  { runtime, dialling }: InboundSurroundings,
  downstream: Downstream,
  transport: Transport,
): void {
  const { listener } = downstream;
  if (listener.kind !== "inbound") return;
  const facts = connectionFacts(downstream, listener);
  const denied =
    listener.config.mtls === "strict" && downstream.principal === undefined
      ? { policy: undefined, details: "mutual_tls_required" }
      : authorize(listener.connectionAuthorization, facts);
  if (denied !== undefined) {
    const { app } = runtime.self;
    const reason = explainDenial(listener.connectionAuthorization, facts, denied, app);
    runtime.log.info({ reason, details: denied.details }, "a connection was denied");
    transport.destroy();
    return;
  }
  const cluster = runtime.clusters.get(`inbound|${listener.config.workloadPort}||`);
  if (cluster === undefined) {
    transport.destroy();
    return;
  }
  const { principal, namespace } = downstream;
  passTcp(
    {
      runtime,
      dialling,
      downstream,
      transport,
      authority: "",
      pair: ({ config }) =>
        inboundPair(runtime.self, config.destination, {
          principal,
          namespace,
          peerLine: undefined,
        }),
    },
    cluster,
  );
}

function connectionFacts(
  { principal, namespace, remoteIp }: Downstream,
  { config }: InboundState,
): PolicyFacts {
  return {
    method: "",
    scheme: "http",
    authority: "",
    path: "",
    query: "",
    header: () => undefined,
    principal,
    namespace,
    destinationPort: config.workloadPort,
    sourceIp: remoteIp,
  };
}
