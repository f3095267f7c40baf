import { istioBounds } from "./histogram.ts";
import type { Labels, Metric, MetricFamily } from "./metric-family.ts";
import {
  CELL_LENGTH,
  type CellKey,
  type PairLabels,
  pairLabelList,
  RequestCell,
  RequestSeries,
  TCP_LENGTH,
  TcpSeries,
  type WorkloadLabels,
} from "./series.ts";
import type { SeriesKey, SeriesStore, StoredSeries } from "./series-store.ts";

interface AllSeries {
  readonly requests: Map<string, RequestSeries>;
  readonly tcp: Map<string, TcpSeries>;
}

/**
 * Who called whom, counted. A series is looked up once per endpoint or connection, never per request. Past `maxSeries`
 * pairs, further ones share a series whose labels say `other`, so that no caller can grow this without bound.
 */
export class MetricsRegistry {
  readonly #own: AllSeries = { requests: new Map(), tcp: new Map() };
  readonly #maxSeries: number;
  readonly #store: SeriesStore | undefined;

  /** `store`: where several workers of a proxy count. Absent: in memory of its own. */
  constructor(maxSeries = 2_000, store?: SeriesStore) {
    this.#maxSeries = maxSeries;
    this.#store = store;
    if (store === undefined) return;
    for (const reporter of ["source", "destination"] as const)
      for (const key of overflowKeys(reporter)) store.claim(key, lengthOf(key)); // while there is room
    this.#restore(store.own(), this.#own);
  }

  requests(pair: PairLabels): RequestSeries {
    return this.#find(this.#own.requests, pair, (bounded) => this.#newRequests(bounded));
  }

  tcp(pair: PairLabels): TcpSeries {
    const make = (bounded: PairLabels) =>
      new TcpSeries(bounded, this.#numbersOf({ kind: "tcp", pair: bounded }));
    return this.#find(this.#own.tcp, pair, make);
  }

  #newRequests(pair: PairLabels): RequestSeries {
    if (this.#store === undefined) return new RequestSeries(pair);
    const make = (cell: CellKey) =>
      this.#numbersOf({ kind: "requests", pair, cell }) ?? new Float64Array(CELL_LENGTH);
    return new RequestSeries(pair, make);
  }

  /** Without room for one more, it is counted as something else. */
  #numbersOf(key: SeriesKey): Float64Array | undefined {
    const length = lengthOf(key);
    const other = overflowKeys(key.pair.reporter).find(({ kind }) => kind === key.kind);
    return this.#store?.claim(key, length) ?? (other && this.#store?.claim(other, length));
  }

  #restore(stored: readonly StoredSeries[], into: AllSeries): void {
    for (const { key, numbers } of stored) {
      const name = keyOf(key.pair);
      if (key.kind === "tcp") into.tcp.set(name, new TcpSeries(key.pair, numbers));
      else {
        const series = into.requests.get(name) ?? this.#newRequests(key.pair);
        into.requests.set(name, series);
        series.cells.push(new RequestCell(key.cell, numbers));
      }
    }
  }

  /** Of all workers, as far as anything was counted. */
  #all(): AllSeries {
    if (this.#store === undefined) return this.#own;
    const all: AllSeries = { requests: new Map(), tcp: new Map() };
    const used = this.#store.all().filter(({ numbers }) => numbers.some((number) => number !== 0));
    this.#restore(used, all);
    return all;
  }

  #find<S>(series: Map<string, S>, pair: PairLabels, make: (pair: PairLabels) => S): S {
    const full = series.size >= this.#maxSeries && !series.has(keyOf(pair));
    const bounded = full ? otherPair(pair.reporter) : pair;
    const key = keyOf(bounded);
    const known = series.get(key) ?? make(bounded);
    series.set(key, known);
    return known;
  }

  /** Istio's service metrics, by Istio's names. */
  families(): readonly MetricFamily[] {
    const { requests, tcp: connections } = this.#all();
    const cells = [...requests.values()].flatMap(({ pair, cells }) =>
      cells.map((cell) => ({ cell, labels: cellLabels(pair, cell) })),
    );
    const tcp = [...connections.values()].map((series) => ({
      series,
      labels: [...pairLabelList(series.pair, "tcp"), ...tcpTail(series.pair)],
    }));
    const counter = (name: string, help: string, metrics: readonly Metric[]): MetricFamily => ({
      name,
      help,
      type: "counter",
      metrics,
    });
    const histogram = (
      name: string,
      help: string,
      of: "duration" | "requestBytes" | "responseBytes",
    ): MetricFamily => ({
      name,
      help,
      type: "histogram",
      metrics: cells.map(({ cell, labels }) => ({
        kind: "histogram",
        labels,
        bounds: istioBounds,
        cumulative: cell[of].cumulative(),
        sum: cell[of].sum,
      })),
    });
    const tcpCounter = (
      name: string,
      help: string,
      of: "opened" | "closed" | "sentBytes" | "receivedBytes",
    ): MetricFamily =>
      counter(
        name,
        help,
        tcp.map(({ series, labels }) => ({ kind: "value", labels, value: series[of] })),
      );
    return [
      counter(
        REQUESTS,
        "Requests that were answered.",
        cells.map(({ cell, labels }) => ({ kind: "value", labels, value: cell.count })),
      ),
      histogram(DURATION, "From first byte in to last byte out.", "duration"),
      histogram("istio_request_bytes", "Size of request bodies.", "requestBytes"),
      histogram("istio_response_bytes", "Size of response bodies.", "responseBytes"),
      tcpCounter(OPENED, "Connections that were opened.", "opened"),
      tcpCounter(CLOSED, "Connections that were closed.", "closed"),
      tcpCounter("istio_tcp_sent_bytes_total", "Bytes sent to the caller.", "sentBytes"),
      tcpCounter(
        "istio_tcp_received_bytes_total",
        "Bytes received from the caller.",
        "receivedBytes",
      ),
    ];
  }

  /** For the control plane: Istio's names with the few labels that golden signals need. */
  goldenSignals(): readonly MetricFamily[] {
    const { requests, tcp } = this.#all();
    return [...goldenFamilies([...requests.values()]), ...goldenConnections([...tcp.values()])];
  }
}

function keyOf(pair: PairLabels): string {
  return pairLabelList(pair, pair.connectionSecurityPolicy)
    .map(([, value]) => value)
    .join("\n");
}

const otherWorkload: WorkloadLabels = {
  workload: "other",
  namespace: "other",
  principal: "other",
  app: "other",
  version: "other",
  canonicalService: "other",
  canonicalRevision: "other",
};

function otherPair(reporter: PairLabels["reporter"]): PairLabels {
  return {
    reporter,
    source: otherWorkload,
    destination: otherWorkload,
    destinationService: "other",
    destinationServiceName: "other",
    destinationServiceNamespace: "other",
    connectionSecurityPolicy: "unknown",
  };
}

function cellLabels(pair: PairLabels, cell: RequestCell): Labels {
  return [
    ...pairLabelList(pair, cell.protocol),
    ["response_code", cell.status === -1 ? "other" : String(cell.status)],
    ["grpc_response_status", cell.grpcStatus],
    ["response_flags", cell.flags],
    ["connection_security_policy", pair.connectionSecurityPolicy],
  ];
}

function tcpTail(pair: PairLabels): Labels {
  return [
    ["response_flags", "-"],
    ["connection_security_policy", pair.connectionSecurityPolicy],
  ];
}

/** What stands for everything that there is no room for. */
function overflowKeys(reporter: PairLabels["reporter"]): readonly SeriesKey[] {
  const pair = otherPair(reporter);
  const cell: CellKey = { status: -1, flags: "other", protocol: "http", grpcStatus: "" };
  return [
    { kind: "requests", pair, cell },
    { kind: "tcp", pair },
  ];
}

const lengthOf = ({ kind }: SeriesKey): number => (kind === "tcp" ? TCP_LENGTH : CELL_LENGTH);

interface Golden {
  readonly labels: Labels;
  count: number;
  readonly cumulative: number[];
  sum: number;
}

function goldenFamilies(series: readonly RequestSeries[]): readonly MetricFamily[] {
  const groups = new Map<string, Golden>();
  for (const { pair, cells } of series)
    for (const cell of cells) {
      const labels = goldenLabels(pair, cell);
      const key = labels.map(([, value]) => value).join("\n");
      const group = groups.get(key) ?? { labels, count: 0, cumulative: [], sum: 0 };
      groups.set(key, group);
      group.count += cell.count;
      group.sum += cell.duration.sum;
      for (const [i, count] of cell.duration.cumulative().entries())
        group.cumulative[i] = (group.cumulative[i] ?? 0) + count;
    }
  const all = [...groups.values()];
  return [
    {
      name: REQUESTS,
      help: "Requests that were answered.",
      type: "counter",
      metrics: all.map(({ labels, count }) => ({ kind: "value", labels, value: count })),
    },
    {
      name: DURATION,
      help: "From first byte in to last byte out.",
      type: "histogram",
      metrics: all.map(({ labels, cumulative, sum }) => ({
        kind: "histogram",
        labels,
        bounds: istioBounds,
        cumulative,
        sum,
      })),
    },
  ];
}

const REQUESTS = "istio_requests_total";
const DURATION = "istio_request_duration_milliseconds";
const OPENED = "istio_tcp_connections_opened_total";
const CLOSED = "istio_tcp_connections_closed_total";

function goldenConnections(series: readonly TcpSeries[]): readonly MetricFamily[] {
  const groups = new Map<string, { labels: Labels; opened: number; closed: number }>();
  for (const { pair, opened, closed } of series) {
    const labels = goldenPairLabels(pair);
    const key = labels.map(([, value]) => value).join("\n");
    const group = groups.get(key) ?? { labels, opened: 0, closed: 0 };
    groups.set(key, group);
    group.opened += opened;
    group.closed += closed;
  }
  const family = (name: string, help: string, of: "opened" | "closed"): MetricFamily => ({
    name,
    help,
    type: "counter",
    metrics: Array.from(groups.values(), (group) => ({
      kind: "value",
      labels: group.labels,
      value: group[of],
    })),
  });
  return [
    family(OPENED, "Connections that were opened.", "opened"),
    family(CLOSED, "Connections that were closed.", "closed"),
  ];
}

function goldenLabels(pair: PairLabels, cell: RequestCell): Labels {
  return [
    ...goldenPairLabels(pair),
    ["response_code", cell.status === -1 ? "other" : String(cell.status)],
    ["grpc_response_status", cell.grpcStatus],
    ["response_flags", cell.flags],
  ];
}

function goldenPairLabels(pair: PairLabels): Labels {
  return [
    ["reporter", pair.reporter],
    ["source_workload", pair.source.workload],
    ["source_workload_namespace", pair.source.namespace],
    ["source_principal", pair.source.principal],
    ["destination_version", pair.destination.version],
    ["destination_service", pair.destinationService],
    ["destination_service_name", pair.destinationServiceName],
    ["destination_service_namespace", pair.destinationServiceNamespace],
    ["connection_security_policy", pair.connectionSecurityPolicy],
  ];
}
