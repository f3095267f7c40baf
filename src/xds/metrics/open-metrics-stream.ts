import { backoffMs } from "#core/backoff.ts";
import type { Log } from "#core/log.ts";
import { type Call, openCall } from "../client/grpc-call.ts";
import type { ConnectHttp2, Http2Session } from "../client/http2-session.ts";
import { METRICS_PATH } from "../grpc-paths.ts";
import { encodeMetricsMessage } from "../messages/metrics.ts";
import type { Timers } from "../stream/timers.ts";
import { asXdsError } from "../xds-error.ts";
import type { MetricFamily } from "./metric-family.ts";

export interface MetricsStreamOptions {
  readonly connect: ConnectHttp2;
  /** As on the configuration stream. */
  readonly nodeId: string;
  readonly timers: Timers;
  readonly log: Log;
  /** [0, 1) */
  readonly random: () => number;
}

export interface MetricsStream extends Disposable {
  /**
   * Sends the families, whole values and not differences. Dropped while there is no connection or the last ones
   * have not left: the next push says more.
   */
  push(families: readonly MetricFamily[]): void;
  /** From now on over a new connection, with the certificate of now. */
  reconnect(): void;
}

const BACKOFF = { baseMs: 500, maxMs: 30_000 };

/** Connects in the background and again whenever the connection is lost. */
export function openMetricsStream(options: MetricsStreamOptions): MetricsStream {
  const { connect, nodeId, timers, log, random } = options;
  let link: { session: Http2Session; call: Call; isFirst: boolean; isFull: boolean } | undefined;
  let abort = new AbortController();
  let retry: Disposable | undefined;
  let attempt = 0;
  let isDisposed = false;

  async function run(): Promise<void> {
    abort = new AbortController();
    const { signal } = abort;
    try {
      const session = await connect(signal);
      if (signal.aborted) return session.destroy();
      const call = openCall(
        session,
        { path: METRICS_PATH, authority: "control-plane", timers },
        {
          message: () => undefined,
          drain: () => {
            if (link) link.isFull = false;
          },
          end: (error) => {
            session.close();
            if (!signal.aborted) lost(error?.message ?? "the server ended the stream");
          },
        },
      );
      link = { session, call, isFirst: true, isFull: false };
    } catch (cause) {
      if (!signal.aborted) lost(asXdsError(cause).message);
    }
  }

  function lost(reason: string): void {
    link = undefined;
    const retryInMs = backoffMs(attempt++, BACKOFF, random);
    log.debug({ reason, retryInMs }, "the metrics stream is down");
    retry = timers.after(retryInMs, () => void run());
  }

  function stop(): void {
    abort.abort();
    retry?.[Symbol.dispose]();
    link?.call.finish();
    link?.session.close();
    link = undefined;
  }

  void run();
  return {
    push(families) {
      if (link === undefined || link.isFull) return;
      const node = link.isFirst ? { node: { id: nodeId, features: [] } } : {};
      link.isFirst = false;
      link.isFull = !link.call.send(encodeMetricsMessage({ ...node, families }));
      attempt = 0;
    },
    reconnect() {
      if (isDisposed) return;
      stop();
      void run();
    },
    [Symbol.dispose]() {
      isDisposed = true;
      stop();
    },
  };
}
