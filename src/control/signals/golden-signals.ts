// What `weft stat` shows: requests, failures and latency of the last minute, added up from what the proxies push.
// Proxies push ever-growing counters; only their differences are kept, in a ring of short slots, so that a proxy that
// restarts does not show as a negative rate. Labels are a proxy's own words: what it says of other namespaces than its own
// is not believed, and no flood of them costs more than a fixed number of rows.
import { httpStatusOfGrpc } from "#core/grpc-status.ts";
import type { CounterSample, GoldenPush } from "./golden-push.ts";
import { PushedCounters } from "./pushed-counters.ts";

export interface GoldenRow {
  readonly namespace: string;
  readonly service: string;
  readonly version: string;
  /** Workload that called, or `""` when rows are summed over callers. */
  readonly source: string;
  readonly requests: number;
  readonly failures: number;
  /** Refused by policy, by the service's own proxy; not failures of the service. */
  readonly denied: number;
  readonly requestsPerSecond: number;
  /** Connections whose content is not HTTP, open now. */
  readonly tcpConnections: number;
  /** Milliseconds, interpolated within the bucket. Absent without requests. */
  readonly p50Ms?: number;
  readonly p95Ms?: number;
  readonly p99Ms?: number;
}

interface Tally {
  readonly namespace: string;
  readonly service: string;
  readonly version: string;
  readonly source: string;
  requests: number;
  failures: number;
  denied: number;
  tcpConnections: number;
  /** Upper bound → requests in that bucket alone. */
  readonly buckets: Map<number, number>;
}

interface Slot {
  readonly startedAtMs: number;
  readonly tallies: Map<string, Tally>;
}

const slotMs = 1_000;
const slotsKept = 120;
/** Rows of one slot. What comes on top is added up in one row. */
const rowsMax = 2_000;
const labelMax = 253;

export class GoldenSignals {
  readonly #slots: Slot[] = [];
  /** Everything since this began, by the same rows. */
  readonly #total: Slot;
  readonly #last = new Map<string, PushedCounters>();
  /** What each proxy has open, by row. */
  readonly #open = new Map<string, Slot>();

  constructor(startedAtMs: number) {
    this.#total = { startedAtMs, tallies: new Map() };
  }

  /** Takes one push of one proxy, which speaks for the workloads of one namespace. */
  record(proxy: string, namespace: string, push: GoldenPush, nowMs: number): void {
    // What a proxy had counted before we were there is not what happened just now.
    const isBaseline = !this.#last.has(proxy) && push.startedAtMs < this.#total.startedAtMs;
    const last = this.#last.get(proxy) ?? new PushedCounters();
    this.#last.set(proxy, last);
    const slots = isBaseline ? [] : [this.#slot(nowMs), this.#total];
    for (const sample of push.requests) {
      const labels = believed(sample.labels, namespace);
      if (!labels || !(counts(labels) || isDenial(labels))) continue;
      const grown = last.grownBy(sample);
      if (grown > 0) for (const slot of slots) addRequests(tallyOf(slot, labels), labels, grown);
    }
    for (const sample of push.durations) {
      const labels = believed(sample.labels, namespace);
      if (!labels || !counts(labels)) continue;
      for (const [bound, grown] of last.bucketsGrownBy(sample))
        if (grown > 0) for (const slot of slots) addToBucket(tallyOf(slot, labels), bound, grown);
    }
    for (const { labels: said, value } of push.opened) {
      const labels = believed(said, namespace);
      if (!labels || !counts(labels)) continue;
      // A service whose connections are short has its row, too.
      const grown = last.grownBy({ labels: { ...said, counted: "connections" }, value });
      if (grown > 0) for (const slot of slots) tallyOf(slot, labels);
    }
    this.#open.set(proxy, openConnections(push, namespace, nowMs));
  }

  /** A proxy that is gone no longer needs its counters remembered, and has nothing open. */
  forget(proxy: string): void {
    this.#last.delete(proxy);
    this.#open.delete(proxy);
  }

  /** Rows of everything since the beginning; rates are over that time. */
  totals(nowMs: number, byCaller: boolean): readonly GoldenRow[] {
    return this.#summed([this.#total], Math.max(1, nowMs - this.#total.startedAtMs), byCaller);
  }

  /** Rows of the last `windowMs`, by namespace, service, version (and caller), in that order. */
  rows(windowMs: number, nowMs: number, byCaller: boolean): readonly GoldenRow[] {
    const within = this.#slots.filter(({ startedAtMs }) => startedAtMs >= nowMs - windowMs);
    return this.#summed(within, windowMs, byCaller);
  }

  #summed(slots: readonly Slot[], overMs: number, byCaller: boolean): readonly GoldenRow[] {
    return summed([...slots, ...this.#open.values()], overMs, byCaller);
  }

  #slot(nowMs: number): Slot {
    const latest = this.#slots.at(-1);
    if (latest && nowMs - latest.startedAtMs < slotMs) return latest;
    const slot: Slot = { startedAtMs: nowMs, tallies: new Map() };
    this.#slots.push(slot);
    if (this.#slots.length > slotsKept) this.#slots.shift();
    return slot;
  }
}

type LabelSet = Readonly<Record<string, string>>;

/** A proxy reports as the caller or as the callee; its own side's namespace is known from its certificate. */
function believed(labels: LabelSet, namespace: string): LabelSet | undefined {
  if (labels.reporter === "source") return { ...labels, source_workload_namespace: namespace };
  return labels.destination_service_namespace === namespace ? labels : undefined;
}

/**
 * A caller inside the mesh reports what it saw, refusals and broken connections included. The server's side is counted
 * only for callers that report nothing, so that no request counts twice.
 */
function counts(labels: LabelSet): boolean {
  if (labels.reporter === "source") return true;
  return labels.reporter === "destination" && (labels.source_principal ?? "unknown") === "unknown";
}

/** Only the proxy that refused knows that it was not the application. */
const isDenial = (labels: LabelSet): boolean =>
  labels.reporter === "destination" && statusOf(labels) === 403 && labels.response_flags !== "-";

/** gRPC says in the status of its own what became of a call, and 200 in HTTP's. */
function statusOf({ response_code = "0", grpc_response_status = "" }: LabelSet): number {
  const status = Number(response_code);
  return status === 200 && grpc_response_status !== ""
    ? httpStatusOfGrpc(grpc_response_status)
    : status;
}

function openConnections(push: GoldenPush, namespace: string, nowMs: number): Slot {
  const open: Slot = { startedAtMs: nowMs, tallies: new Map() };
  const add = (samples: readonly CounterSample[], sign: number): void => {
    for (const sample of samples) {
      const labels = believed(sample.labels, namespace);
      if (!labels || !counts(labels) || !Number.isSafeInteger(sample.value)) continue;
      tallyOf(open, labels).tcpConnections += sign * sample.value;
    }
  };
  add(push.opened, 1);
  add(push.closed, -1);
  for (const [key, { tcpConnections }] of open.tallies)
    if (tcpConnections <= 0) open.tallies.delete(key);
  return open;
}

function addToBucket({ buckets }: Tally, bound: number, count: number): void {
  buckets.set(bound, (buckets.get(bound) ?? 0) + count);
}

function summed(slots: readonly Slot[], overMs: number, byCaller: boolean): readonly GoldenRow[] {
  const sums = new Map<string, Tally>();
  for (const slot of slots)
    for (const tally of slot.tallies.values()) mergeInto(sums, tally, byCaller);
  return Array.from(sums.values(), (tally) => toRow(tally, overMs)).sort(byName);
}

function tallyOf({ tallies }: Slot, labels: LabelSet): Tally {
  const row = {
    namespace: labelOf(labels.destination_service_namespace),
    service: labelOf(labels.destination_service_name),
    version: labelOf(labels.destination_version),
    source: `${labelOf(labels.source_workload_namespace)}/${labelOf(labels.source_workload)}`,
  };
  const known = tallies.get(keyOf(row));
  if (known) return known;
  return tallies.size < rowsMax ? newTally(tallies, row) : newTally(tallies, others);
}

type Row = Pick<Tally, "namespace" | "service" | "version" | "source">;

const others: Row = {
  namespace: "unknown",
  service: "others",
  version: "unknown",
  source: "unknown",
};

const labelOf = (text: string | undefined): string => text?.slice(0, labelMax) || "unknown";

const keyOf = ({ namespace, service, version, source }: Row): string =>
  `${namespace}/${service}/${version}/${source}`;

const rowOf = ({ namespace, service, version, source }: Row): Row => ({
  namespace,
  service,
  version,
  source,
});

function newTally(tallies: Map<string, Tally>, row: Row): Tally {
  const tally = tallies.get(keyOf(row)) ?? { ...row, ...zero() };
  tallies.set(keyOf(row), tally);
  return tally;
}

const zero = () => ({
  ...{ requests: 0, failures: 0, denied: 0, tcpConnections: 0 },
  buckets: new Map<number, number>(),
});

function addRequests(tally: Tally, labels: LabelSet, count: number): void {
  const status = statusOf(labels);
  if (isDenial(labels)) tally.denied += count;
  if (!counts(labels)) return;
  tally.requests += count;
  if (status >= 500 || status === 0) tally.failures += count;
}

function mergeInto(sums: Map<string, Tally>, tally: Tally, byCaller: boolean): void {
  const source = byCaller ? tally.source : "";
  const sum = newTally(sums, { ...rowOf(tally), source });
  sum.requests += tally.requests;
  sum.failures += tally.failures;
  sum.denied += tally.denied;
  sum.tcpConnections += tally.tcpConnections;
  for (const [bound, count] of tally.buckets) addToBucket(sum, bound, count);
}

function toRow(tally: Tally, windowMs: number): GoldenRow {
  const { namespace, service, version, source, requests, failures, denied } = tally;
  const { tcpConnections } = tally;
  const requestsPerSecond = requests / (windowMs / 1000);
  const row = {
    namespace,
    service,
    version,
    source,
    requests,
    failures,
    denied,
    requestsPerSecond,
    tcpConnections,
  };
  const sorted = [...tally.buckets].sort(([a], [b]) => a - b);
  if (sorted.length === 0) return row;
  return {
    ...row,
    p50Ms: quantile(sorted, 0.5),
    p95Ms: quantile(sorted, 0.95),
    p99Ms: quantile(sorted, 0.99),
  };
}

/** Linear within the bucket, as Prometheus' `histogram_quantile`; the last, endless bucket gives its lower bound. */
function quantile(
  buckets: readonly (readonly [bound: number, count: number])[],
  q: number,
): number {
  const total = buckets.reduce((sum, [, count]) => sum + count, 0);
  let rank = q * total;
  let lower = 0;
  for (const [bound, count] of buckets) {
    if (rank <= count)
      return Number.isFinite(bound) ? lower + ((bound - lower) * rank) / count : lower;
    rank -= count;
    if (Number.isFinite(bound)) lower = bound;
  }
  return lower;
}

function byName(a: GoldenRow, b: GoldenRow): number {
  const key = (row: GoldenRow) => `${row.namespace}\0${row.service}\0${row.version}\0${row.source}`;
  return key(a) < key(b) ? -1 : 1;
}
