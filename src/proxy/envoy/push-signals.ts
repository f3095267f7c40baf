// Golden signals of an Envoy: read from its admin interface once a second, pushed on to the control plane.
import type { Log } from "#core/log.ts";
import type { ConnectHttp2 } from "#xds/client/http2-session.ts";
import { startMetricsPush } from "../control-plane/metrics-push.ts";
import { nodeIdOf } from "../node-id.ts";
import type { MetricFamily } from "../telemetry/metric-family.ts";
import type { EnvoyAdmin } from "./envoy-admin.ts";
import { type GoldenFacts, goldenSignals } from "./golden-signals.ts";

export interface SignalPushOptions {
  readonly admin: EnvoyAdmin;
  readonly facts: GoldenFacts;
  readonly connect: ConnectHttp2;
  /** When counting began. */
  readonly startedAtMs: number;
  readonly log: Log;
}

const EVERY_MS = 1_000;

/** Until disposed; what has been counted by then is still pushed. */
export function startSignalPush(options: SignalPushOptions): AsyncDisposable {
  const { admin, facts, connect, startedAtMs, log } = options;
  const { workload } = facts;
  const { namespace, serviceAccount } = workload;
  let golden: readonly MetricFamily[] = [];
  let isAsking = false;
  const poll = async (): Promise<void> => {
    isAsking = true;
    try {
      const { body } = await admin.get("/stats/prometheus?filter=weft_");
      golden = goldenSignals(new TextDecoder().decode(body), facts);
    } catch {
      // Envoy is being started again: what it had counted stays
    } finally {
      isAsking = false;
    }
  };
  const push = startMetricsPush({
    connect,
    node: { id: nodeIdOf(workload), workload, namespace, serviceAccount, features: [] },
    families: () => [...golden, processStart(startedAtMs)],
    everyMs: EVERY_MS,
    log,
  });
  const polling = setInterval(() => {
    if (!isAsking) void poll();
  }, EVERY_MS);
  polling.unref();
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(polling);
      await poll();
      push[Symbol.dispose]();
    },
  };
}

function processStart(startedAtMs: number): MetricFamily {
  return {
    name: "process_start_time_seconds",
    help: "When this proxy began to count, in Unix seconds.",
    type: "gauge",
    metrics: [{ kind: "value", labels: [], value: startedAtMs / 1000 }],
  };
}
