import type { Transport } from "#net/transport.ts";
import type { Downstream } from "./downstream.ts";
import type { Failure } from "./local-reply.ts";
import type { ProxyRuntime } from "./proxy-runtime.ts";
import { accessLogLine, upstreamFragment } from "./telemetry/access-log-line.ts";
import type { PairLabels } from "./telemetry/series.ts";
import { openTunnel, type TunnelEnd } from "./tunnel.ts";
import { type DialSurroundings, dialHost, TCP_ALPN } from "./upstream/dial.ts";
import type { UpstreamCluster } from "./upstream/upstream-cluster.ts";

/** A connection whose content is not HTTP, on its way to one host of a cluster. */
export interface TcpPassage {
  readonly runtime: ProxyRuntime;
  readonly dialling: DialSurroundings;
  readonly downstream: Downstream;
  readonly transport: Transport;
  /** What was asked for, for the access log. */
  readonly authority: string;
  readonly pair: (cluster: UpstreamCluster) => PairLabels;
}

/** Joins the caller with the destination by bytes; metrics and one line of the access log at its end. */
export function passTcp(passage: TcpPassage, cluster: UpstreamCluster): void {
  const { runtime, dialling, transport } = passage;
  const startedAtMs = runtime.clock.monotonicMs();
  const startedAtWallMs = runtime.clock.wallMs();
  const host = cluster.pick([], 0);
  const record = (end: TunnelEnd, failure: Failure | undefined, fragment: string): void =>
    logConnection(passage, { startedAtMs, startedAtWallMs, end, failure, fragment });
  const refuse = (failure: Failure, fragment: string): void => {
    record({ sentBytes: 0, receivedBytes: 0, error: undefined }, failure, fragment);
    transport.destroy();
  };
  if (host === undefined) {
    const message = `${cluster.what} has no endpoint that may be used`;
    refuse(
      { code: "no-healthy-upstream", message },
      upstreamFragment(undefined, cluster.config.name),
    );
    return;
  }
  host.activeRequests++;
  dialHost(dialling, cluster.config, host, TCP_ALPN, {
    failed: (failure) => {
      host.activeRequests--;
      cluster.failedLocally(host);
      refuse(failure, host.logFragment);
    },
    connected: (upstream) => {
      const series = runtime.metrics.tcp(passage.pair(cluster));
      series.opened++;
      cluster.answered(host, 200);
      openTunnel(transport, upstream, (end) => {
        host.activeRequests--;
        series.closed++;
        series.sentBytes += end.receivedBytes;
        series.receivedBytes += end.sentBytes;
        record(end, undefined, host.logFragment);
      });
    },
  });
}

interface ConnectionFacts {
  readonly startedAtMs: number;
  readonly startedAtWallMs: number;
  readonly end: TunnelEnd;
  readonly failure: Failure | undefined;
  readonly fragment: string;
}

function logConnection(
  { runtime, downstream, authority }: TcpPassage,
  { startedAtMs, startedAtWallMs, end, failure, fragment }: ConnectionFacts,
): void {
  runtime.accessLog?.write(
    accessLogLine({
      recordId: runtime.nextRecordId(),
      startedAtWallMs,
      method: "",
      requestTarget: "",
      protocol: "TCP",
      authority,
      userAgent: undefined,
      forwardedFor: undefined,
      requestId: undefined,
      traceparent: undefined,
      routeName: undefined,
      status: 0,
      flags: failure === undefined ? "-" : "UF",
      details: failure === undefined ? "via_upstream" : failure.code,
      weftError: failure?.code,
      failureText: failure?.message ?? end.error?.message,
      bytesReceived: end.sentBytes,
      bytesSent: end.receivedBytes,
      durationMs: runtime.clock.monotonicMs() - startedAtMs,
      connectionMs: -1,
      firstByteMs: -1,
      attempts: 1,
      upstreamFragment: fragment,
      downstreamFragment: downstream.logFragment,
    }),
  );
}
