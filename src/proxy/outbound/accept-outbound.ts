import type { RequestHandler, ServerExchange } from "#http/exchange.ts";
import type { Transport } from "#net/transport.ts";
import type { Downstream, OutboundState } from "../downstream.ts";
import type { Failure } from "../local-reply.ts";
import { FIELD } from "../request-edits.ts";
import { addressOf } from "../serve-connection.ts";
import { failedBefore, refuseTcp, startedNow } from "../tcp/pass-tcp.ts";
import { downstreamFragment } from "../telemetry/access-log-line.ts";
import { connectTunnel } from "./connect-tunnel.ts";
import { destinationOf } from "./destination.ts";
import type { OutboundSurroundings } from "./outbound-surroundings.ts";
import { callOf, type Passage, serveDestination, serveVersion } from "./serve-destination.ts";

/** The application's own side: everything that comes in here speaks with the workload's identity, so it is guarded. */
export function acceptOutbound(
  around: OutboundSurroundings,
  listener: OutboundState,
  transport: Transport,
): void {
  const stranger = strangerOf(around, transport);
  if (listener.config.mode === "upstream") acceptUpstream(around, listener, transport, stranger);
  else {
    const downstream = downstreamOf(listener, transport, {});
    const handler = proxyHandler(around, listener, downstream, stranger);
    serveVersion(around, { transport, downstream, handler });
  }
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

/** A port that leads to one destination. A stranger who sends requests is told why; bytes have no words for that. */
function acceptUpstream(
  around: OutboundSurroundings,
  listener: OutboundState,
  transport: Transport,
  stranger: Failure | undefined,
): void {
  const { runtime, server } = around;
  const { authority = "" } = listener.config;
  const downstream = downstreamOf(listener, transport, { authority });
  const handler: RequestHandler = (exchange) =>
    server.serve(downstream, exchange, stranger ?? noConnect(exchange, oneDestination));
  const destination = destinationOf(runtime, listener, authority);
  const mayBeRequests = destination?.content === "http" || destination?.content === "detect";
  if (destination === undefined || (stranger !== undefined && mayBeRequests)) {
    serveVersion(around, { transport, downstream, handler });
    return;
  }
  const passage = { transport, destination, downstream, handler, started: startedNow(runtime) };
  if (stranger === undefined) serveDestination(around, passage);
  else refuseTcp(callOf(around, passage, undefined), transport, failedBefore(stranger));
}

const oneDestination = "this port leads to one destination only";

function noConnect({ request }: ServerExchange, message: string): Failure | undefined {
  return request.method === "CONNECT" ? { code: "connect-not-allowed", message } : undefined;
}

/** The HTTP proxy: every request carries the secret of the run. */
function proxyHandler(
  around: OutboundSurroundings,
  listener: OutboundState,
  downstream: Downstream,
  stranger: Failure | undefined,
): RequestHandler {
  const { server, checkSecret } = around;
  /** The field that passed on this connection: compared as text from then on. */
  let accepted: string | undefined;
  const refusalOf = ({ request }: ServerExchange): Failure | undefined => {
    const field = request.field(FIELD.proxyAuthorization);
    if (field !== undefined && field === accepted) return undefined;
    if (checkSecret(field)) {
      accepted = field;
      return undefined;
    }
    const message =
      field === undefined
        ? "the request carries no Proxy-Authorization"
        : "the request's Proxy-Authorization is not the secret of this run";
    return { code: "proxy-auth-required", message };
  };
  return (exchange) => {
    const refusal = stranger ?? refusalOf(exchange);
    if (refusal !== undefined || exchange.request.method !== "CONNECT")
      return server.serve(downstream, exchange, refusal);
    const inside = (authority: string) => insideConnect(around, listener, exchange, authority);
    return connectTunnel(around, { exchange, downstream, inside });
  };
}

/** Requests inside CONNECT: their own authority counts, and where it is unknown the tunnel's does. */
function insideConnect(
  { server }: OutboundSurroundings,
  listener: OutboundState,
  { transport }: ServerExchange,
  authority: string,
): Pick<Passage, "downstream" | "handler"> {
  const downstream = downstreamOf(listener, transport, { fallbackAuthority: authority });
  const nested = "there is no CONNECT inside CONNECT";
  return {
    downstream,
    handler: (exchange) => server.serve(downstream, exchange, noConnect(exchange, nested)),
  };
}

function downstreamOf(
  listener: OutboundState,
  { local, remote }: Transport,
  called: { readonly authority?: string; readonly fallbackAuthority?: string },
): Downstream {
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
    authority: called.authority,
    clientCertField: undefined,
    series: undefined,
    fallbackAuthority: called.fallbackAuthority,
  };
}
