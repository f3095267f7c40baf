import { proxyFailures } from "#core/errors/proxy-failures.ts";
import type { Downstream } from "../downstream.ts";
import type { Failure } from "../local-reply.ts";
import type { ProxyRuntime } from "../proxy-runtime.ts";
import { accessLogLine } from "../telemetry/access-log-line.ts";
import type { TunnelEnd } from "../tunnel.ts";
import type { TunnelLimit } from "./open-tunnels.ts";

/** What one connection whose content is not requests came to. */
export interface ConnectionOutcome {
  readonly startedAtMs: number;
  readonly startedAtWallMs: number;
  /** Why it was never joined with a destination. */
  readonly failure?: Failure;
  /** Of a failure by policy: the rule, in Envoy's form. */
  readonly details?: string;
  readonly end?: TunnelEnd;
  readonly endedBy?: TunnelLimit | undefined;
  readonly authority: string;
  readonly upstreamFragment: string;
  readonly connectMs: number;
  readonly attempts: number;
}

/** One line of the access log for the whole connection. */
export function recordConnection(
  runtime: ProxyRuntime,
  downstream: Downstream,
  outcome: ConnectionOutcome,
): void {
  const { failure, end } = outcome;
  const { flags, details, text } = verdictOf(outcome);
  runtime.accessLog?.write(
    accessLogLine({
      records: runtime.records,
      recordNumber: runtime.records.next(),
      startedAtWallMs: outcome.startedAtWallMs,
      method: "",
      requestTarget: "",
      protocol: "TCP",
      authority: outcome.authority,
      head: undefined,
      ids: undefined,
      routeName: undefined,
      status: 0,
      flags,
      details,
      weftError: failure?.code,
      failureText: text,
      bytesReceived: end?.sentBytes ?? 0,
      bytesSent: end?.receivedBytes ?? 0,
      durationMs: runtime.clock.monotonicMs() - outcome.startedAtMs,
      connectionMs: outcome.connectMs,
      firstByteMs: -1,
      attempts: outcome.attempts,
      upstreamFragment: outcome.upstreamFragment,
      downstreamFragment: downstream.logFragment,
    }),
  );
}

interface Verdict {
  /** Envoy's. */
  readonly flags: string;
  readonly details: string;
  readonly text: string | undefined;
}

function verdictOf({ failure, details, end, endedBy }: ConnectionOutcome): Verdict {
  if (failure !== undefined) {
    const facts = proxyFailures[failure.code];
    return { flags: facts.flag, details: details ?? facts.details, text: failure.message };
  }
  const text = end?.error?.message;
  if (endedBy !== undefined) return { ...limits[endedBy], text };
  if (end?.brokenBy === undefined) return { flags: "-", details: "via_upstream", text };
  return { ...broken[end.brokenBy], text };
}

const limits = {
  idle: { flags: "SI", details: "idle_timeout" },
  duration: { flags: "DT", details: "max_duration_timeout" },
} as const;

const broken = {
  downstream: { flags: "DC", details: "downstream_remote_disconnect" },
  upstream: { flags: "UC", details: "upstream_remote_disconnect" },
} as const;
