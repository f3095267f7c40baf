import type { Transport } from "#net/transport.ts";
import type { FoundBytes } from "../detection/detect-protocol.ts";
import type { Downstream, InboundState } from "../downstream.ts";
import type { Failure } from "../local-reply.ts";
import { authorize, explainDenial } from "../policy/authorize.ts";
import type { PolicyFacts } from "../policy/policy-facts.ts";
import { recordConnection } from "../tcp/connection-record.ts";
import {
  type Caller,
  failedBefore,
  joinTcp,
  passTcp,
  refuseTcp,
  type Started,
  type TcpCall,
} from "../tcp/pass-tcp.ts";
import { upstreamFragment } from "../telemetry/access-log-line.ts";
import { inboundPair } from "../telemetry/inbound-series.ts";
import type { UpstreamCluster } from "../upstream/upstream-cluster.ts";
import type { InboundSurroundings } from "./inbound-surroundings.ts";

/** A connection to the application whose content may be bytes. */
export interface InboundPassage {
  readonly listener: InboundState;
  readonly downstream: Downstream;
  readonly started: Started;
}

/** Why a connection of bytes may not pass. */
export interface ConnectionDenial {
  readonly failure: Failure;
  /** For the access log: `rbac_access_denied_matched_policy[…]`. */
  readonly details: string;
}

/** The mode and the policies of now; undefined: it may pass. */
export function denialOf(
  { runtime }: InboundSurroundings,
  { listener, downstream }: InboundPassage,
): ConnectionDenial | undefined {
  if (listener.config.mtls === "strict" && downstream.principal === undefined) {
    const message = "this workload accepts mutual TLS only (STRICT)";
    return { failure: { code: "tls-required", message }, details: "mutual_tls_required" };
  }
  const rules = listener.connectionAuthorization;
  const facts = connectionFacts(downstream, listener);
  const denied = authorize(rules, facts);
  if (denied === undefined) return undefined;
  const message = explainDenial(rules, facts, denied, runtime.self.app);
  return { failure: { code: "denied-by-policy", message }, details: denied.details };
}

/** The application's own port. */
export function applicationOf(
  { runtime }: InboundSurroundings,
  { config }: InboundState,
): UpstreamCluster | undefined {
  return runtime.clusters.get(`inbound|${config.workloadPort}||`);
}

export function serveBytes(
  around: InboundSurroundings,
  passage: InboundPassage,
  { caller, upstream }: Omit<FoundBytes, "serverName">,
): void {
  const denied = denialOf(around, passage);
  const call = callOf(around, passage);
  if (denied !== undefined) {
    if (upstream !== undefined) giveUp(upstream.open.transport, upstream.open.release);
    deny(around, passage, caller, denied);
  } else if (upstream !== undefined) joinTcp(call, caller, upstream.open, upstream);
  else {
    const cluster = applicationOf(around, passage.listener);
    if (cluster !== undefined) passTcp(call, caller, cluster);
    else refuseTcp(call, caller.transport, failedBefore(noApplication));
  }
}

const noApplication: Failure = {
  code: "cluster-not-found",
  message: "the configuration has no way to the application",
};

function giveUp(transport: Transport, release: () => void): void {
  transport.destroy();
  release();
}

/** Bytes have no words for a refusal: the connection is closed, and the reason is in the logs. */
function deny(
  { runtime }: InboundSurroundings,
  { downstream, started }: InboundPassage,
  { transport }: Caller,
  { failure, details }: ConnectionDenial,
): void {
  transport.destroy();
  runtime.log.info({ reason: failure.message, details }, "a connection was denied");
  recordConnection(runtime, downstream, {
    ...started,
    failure,
    details,
    authority: "",
    upstreamFragment: upstreamFragment(undefined, undefined),
    connectMs: -1,
    attempts: 0,
  });
}

export function callOf(
  context: InboundSurroundings,
  { downstream, started }: InboundPassage,
): TcpCall {
  const { self } = context.runtime;
  const { principal, namespace } = downstream;
  return {
    ...started,
    context,
    downstream,
    authority: "",
    pair: ({ cluster }) =>
      inboundPair(self, cluster.config.destination, { principal, namespace, peerLine: undefined }),
  };
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
