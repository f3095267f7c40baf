import type { Log } from "#core/log.ts";
import { type Call, openCall } from "#xds/client/grpc-call.ts";
import type { ConnectHttp2, Http2Session } from "#xds/client/http2-session.ts";
import { METRICS_PATH } from "#xds/grpc-paths.ts";
import { encodeMetricsMessage } from "#xds/messages/metrics.ts";
import type { NodeClaims } from "#xds/messages/node.ts";
import type { Metric, MetricFamily } from "#xds/metrics/metric-family.ts";
import { systemTimers } from "#xds/stream/timers.ts";
import type {
  MetricFamily as LocalFamily,
  Metric as LocalMetric,
} from "../telemetry/metric-family.ts";

export interface MetricsPushOptions {
  readonly connect: ConnectHttp2;
  readonly node: NodeClaims;
  readonly families: () => readonly LocalFamily[];
  readonly everyMs: number;
  readonly log: Log;
}

/** Streams golden signals to the control plane (Envoy's MetricsService). A lost stream is opened again at the next tick. */
export function startMetricsPush(options: MetricsPushOptions): Disposable {
  return new MetricsPush(options);
}

class MetricsPush implements Disposable {
  readonly #options: MetricsPushOptions;
  readonly #abort = new AbortController();
  readonly #timer: ReturnType<typeof setInterval>;
  #session: Http2Session | undefined;
  #call: Call | undefined;
  #isConnecting = false;

  constructor(options: MetricsPushOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#tick(), options.everyMs);
    this.#timer.unref();
    this.#tick(); // counting begins at zero, so that a program that ends within the first second is seen
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    if (this.#call !== undefined) this.#send(this.#call);
    this.#abort.abort();
    this.#call?.finish();
    this.#session?.close();
  }

  #tick(): void {
    if (this.#call !== undefined) this.#send(this.#call);
    else if (!this.#isConnecting) void this.#open();
  }

  #send(call: Call, node?: NodeClaims): void {
    const families = this.#options.families().map(pushed);
    call.send(encodeMetricsMessage({ ...(node && { node }), families }));
  }

  async #open(): Promise<void> {
    this.#isConnecting = true;
    try {
      const session = await this.#options.connect(this.#abort.signal);
      this.#session = session;
      const call = { path: METRICS_PATH, authority: "control-plane", timers: systemTimers };
      this.#call = openCall(session, call, {
        message: () => undefined,
        end: () => this.#lost(),
      });
      this.#send(this.#call, this.#options.node);
    } catch (cause) {
      this.#options.log.debug({ reason: String(cause) }, "golden signals could not be pushed");
      this.#lost();
    } finally {
      this.#isConnecting = false;
    }
  }

  #lost(): void {
    this.#call = undefined;
    this.#session?.close();
    this.#session = undefined;
  }
}

function pushed({ name, help, type, metrics }: LocalFamily): MetricFamily {
  return { name, help, type, metrics: metrics.map(pushedMetric) };
}

function pushedMetric(metric: LocalMetric): Metric {
  const labels = Object.fromEntries(metric.labels);
  if (metric.kind === "value") return { labels, value: metric.value };
  const { bounds, cumulative, sum } = metric;
  const buckets = [...bounds, Number.POSITIVE_INFINITY].map((upperBound, i) => ({
    upperBound,
    count: cumulative[i] ?? 0,
  }));
  return { labels, histogram: { count: cumulative[bounds.length] ?? 0, sum, buckets } };
}
