import type { RequestHandler } from "#http/exchange.ts";
import type { Transport } from "#net/transport.ts";
import { detectProtocol, type FoundBytes, type OpenAhead } from "../detection/detect-protocol.ts";
import { detectVersion } from "../detection/detect-version.ts";
import type { Downstream } from "../downstream.ts";
import { addressOf } from "../serve-connection.ts";
import {
  failedBefore,
  joinTcp,
  passTcp,
  refuseTcp,
  type Started,
  type TcpCall,
} from "../tcp/pass-tcp.ts";
import { UpstreamDial } from "../tcp/upstream-dial.ts";
import { downstreamFragment } from "../telemetry/access-log-line.ts";
import { type Destination, isFailure } from "./destination.ts";
import type { OutboundSurroundings } from "./outbound-surroundings.ts";

/** A connection whose every byte is meant for one destination: of a loopback port, or inside CONNECT. */
export interface Passage {
  readonly transport: Transport;
  readonly destination: Destination;
  /** For requests and for bytes. */
  readonly downstream: Downstream;
  readonly handler: RequestHandler;
  readonly started: Started;
}

/** Serves a connection by what its destination carries: requests, bytes, or whatever the first bytes tell. */
export function serveDestination(around: OutboundSurroundings, passage: Passage): void {
  const { destination } = passage;
  const { content, asksServerName } = destination;
  if (content === "http") serveVersion(around, passage);
  else if (content === "tcp" || (content === "tls" && !asksServerName))
    passBytes(around, passage, { caller: passage, serverName: undefined, upstream: undefined });
  else look(around, passage);
}

/** Requests, in whichever version they come. */
export function serveVersion(
  around: OutboundSurroundings,
  { transport, downstream, handler }: Pick<Passage, "transport" | "downstream" | "handler">,
): void {
  const { connections, runtime } = around;
  connections.lookAt((onGone) =>
    detectVersion(
      transport,
      (inner, version) => connections.serve({ runtime, downstream, version }, inner, handler),
      onGone,
      runtime.settings.detection,
    ),
  );
}

function look(around: OutboundSurroundings, passage: Passage): void {
  const { connections, runtime, verdicts, after } = around;
  const { destination, downstream, handler, transport } = passage;
  const openAhead = opener(around, destination);
  const options = {
    verdict: verdicts.of(destination.name),
    carriesRequests: destination.content === "detect",
    asksServerName: destination.asksServerName,
    times: runtime.settings.detection,
    after,
    ...(openAhead && { openAhead }),
  };
  connections.lookAt((onGone) =>
    detectProtocol(
      transport,
      options,
      {
        onHttp: (inner, version) =>
          connections.serve({ runtime, downstream, version }, inner, handler),
        onBytes: (found) => passBytes(around, passage, found),
        onUnreachable: (inner, failed) =>
          refuseTcp(callOf(around, passage, undefined), inner, failed),
      },
      onGone,
    ),
  );
}

/** The way for callers that are silent; TLS is begun by the caller, so it needs none. */
function opener(around: OutboundSurroundings, destination: Destination): OpenAhead | undefined {
  if (destination.content !== "detect") return undefined;
  const cluster = destination.cluster(undefined);
  return isFailure(cluster) ? undefined : (outcome) => new UpstreamDial(around, cluster, outcome);
}

function passBytes(
  around: OutboundSurroundings,
  passage: Passage,
  { caller, serverName, upstream }: FoundBytes,
): void {
  const call = callOf(around, passage, serverName);
  if (upstream !== undefined) {
    joinTcp(call, caller, upstream.open, upstream);
    return;
  }
  const cluster = passage.destination.cluster(serverName);
  if (isFailure(cluster)) refuseTcp(call, caller.transport, failedBefore(cluster));
  else passTcp(call, caller, cluster);
}

/** What is recorded of a connection of bytes. */
export function callOf(
  context: OutboundSurroundings,
  { transport, destination, downstream, started }: Omit<Passage, "handler">,
  serverName: string | undefined,
): TcpCall {
  return {
    ...started,
    context,
    downstream: serverName === undefined ? downstream : named(downstream, transport, serverName),
    authority: destination.authority,
    pair: ({ host }) => host.series.pair,
  };
}

function named(
  downstream: Downstream,
  { local, remote }: Transport,
  serverName: string,
): Downstream {
  const logFragment = downstreamFragment({
    local: addressOf(local),
    remote: addressOf(remote),
    serverName,
    peer: undefined,
    direction: "outbound",
  });
  return { ...downstream, logFragment };
}
