import type { Clock } from "#core/clock.ts";
import type { Log } from "#core/log.ts";
import type { TimerWheel } from "#http/timer-wheel.ts";
import type { ConnectionSettings } from "./limits/connection-settings.ts";
import type { Overload } from "./limits/overload.ts";
import type { LineSink } from "./telemetry/line-writer.ts";
import type { MetricsRegistry } from "./telemetry/metrics-registry.ts";
import type { RandomIds } from "./telemetry/random-ids.ts";
import type { RecordIds } from "./telemetry/record-ids.ts";
import type { WorkloadLabels } from "./telemetry/series.ts";
import type { ClusterSet } from "./upstream/cluster-set.ts";

/** What every listener, connection and request of one proxy shares. */
export interface ProxyRuntime {
  readonly clusters: ClusterSet;
  readonly timers: TimerWheel;
  readonly clock: Clock;
  /** [0, 1) */
  readonly random: () => number;
  readonly ids: RandomIds;
  readonly metrics: MetricsRegistry;
  /** Absent: no access log is written. */
  readonly accessLog: LineSink | undefined;
  readonly log: Log;
  /** The workload that this proxy stands beside, as metrics name it. */
  readonly self: WorkloadLabels;
  /** Value of `weft-peer`: how the workload presents itself to the proxies that it calls. */
  readonly peerLine: string;
  /** The limits of its connections. */
  readonly settings: ConnectionSettings;
  /** Why no new request is taken on now. */
  readonly overload: Pick<Overload, "refusal">;
  readonly records: RecordIds;
}
