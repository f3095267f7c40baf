// The way of a connection whose content is not requests:
//
//   cluster ──► dial (limits, another host when one fails) ──► join with the caller, byte for byte ──► record, once
//                    │                                            metrics while it is open
//                    └──► refused: closed, and recorded with the reason
import type { Transport } from "#net/transport.ts";
import type { Downstream } from "../downstream.ts";
import type { Failure } from "../local-reply.ts";
import type { ProxyRuntime } from "../proxy-runtime.ts";
import { upstreamFragment } from "../telemetry/access-log-line.ts";
import type { PairLabels } from "../telemetry/series.ts";
import { type BegunSide, openTunnel } from "../tunnel.ts";
import type { UpstreamCluster } from "../upstream/upstream-cluster.ts";
import { recordConnection } from "./connection-record.ts";
import type { OpenTunnels } from "./open-tunnels.ts";
import {
  type DialContext,
  type FailedUpstream,
  type OpenUpstream,
  UpstreamDial,
} from "./upstream-dial.ts";

export interface TcpContext extends DialContext {
  readonly tunnels: OpenTunnels;
}

/** When a connection began: monotonic, and as people tell time. */
export interface Started {
  readonly startedAtMs: number;
  readonly startedAtWallMs: number;
}

export function startedNow({ clock }: ProxyRuntime): Started {
  return { startedAtMs: clock.monotonicMs(), startedAtWallMs: clock.wallMs() };
}

/** A connection from a caller, on its way. */
export interface TcpCall extends Started {
  readonly context: TcpContext;
  readonly downstream: Downstream;
  /** What was asked for, for the access log. */
  readonly authority: string;
  readonly pair: (upstream: OpenUpstream) => PairLabels;
}

/** The caller's side: its transport, and what it has said already. */
export interface Caller extends BegunSide {
  readonly transport: Transport;
}

/** Dials a cluster and joins. The caller's transport is not read before. */
export function passTcp(call: TcpCall, caller: Caller, cluster: UpstreamCluster): void {
  new UpstreamDial(call.context, cluster, {
    connected: (upstream) => joinTcp(call, caller, upstream),
    failed: (failed) => refuseTcp(call, caller.transport, failed),
  });
}

/** Joins the caller with a connection that exists; metrics as bytes pass, and one line of the access log at the end. */
export function joinTcp(
  call: TcpCall,
  caller: Caller,
  upstream: OpenUpstream,
  upstreamBegun?: BegunSide,
): void {
  const { runtime, tunnels } = call.context;
  const series = runtime.metrics.tcp(call.pair(upstream));
  series.opened++;
  const { idleTimeoutMs, maxDurationMs } = limitsOf(upstream.cluster);
  const tunnel = openTunnel(
    caller.transport,
    upstream.transport,
    (end) => {
      tunnels.remove(tracked);
      series.closed++;
      upstream.release();
      const { startedAtMs, startedAtWallMs, authority } = call;
      recordConnection(runtime, call.downstream, {
        startedAtMs,
        startedAtWallMs,
        authority,
        end,
        endedBy: tracked.endedBy,
        upstreamFragment: upstream.host.logFragment,
        connectMs: upstream.connectMs,
        attempts: upstream.attempts,
      });
    },
    { downstream: caller, ...(upstreamBegun && { upstream: upstreamBegun }) },
  );
  const tracked = tunnels.add(tunnel, series, { idleTimeoutMs, maxDurationMs });
}

/** Closes the caller's connection and writes down why. */
export function refuseTcp(call: TcpCall, transport: Transport, failed: FailedUpstream): void {
  const { startedAtMs, startedAtWallMs, authority } = call;
  transport.destroy();
  recordConnection(call.context.runtime, call.downstream, {
    startedAtMs,
    startedAtWallMs,
    authority,
    failure: failed.failure,
    upstreamFragment: failed.logFragment,
    connectMs: -1,
    attempts: failed.attempts,
  });
}

/** A failure before any host was asked. */
export function failedBefore(failure: Failure, cluster?: string): FailedUpstream {
  return { failure, attempts: 0, logFragment: upstreamFragment(undefined, cluster) };
}

function limitsOf({ config }: UpstreamCluster) {
  const idleTimeoutMs = config.tcpIdleTimeoutMs ?? HOUR_MS;
  return {
    idleTimeoutMs: idleTimeoutMs === 0 ? undefined : idleTimeoutMs,
    maxDurationMs: config.maxConnectionDurationMs,
  };
}

const HOUR_MS = 3_600_000;
