// What `weft stat` shows: requests, failures and latency of the last minute, added up from what the proxies push.
// Proxies push ever-growing counters; only their differences are kept, in a ring of short slots, so memory is bounded
// by (series seen in one window) and a proxy that restarts does not show as a negative rate.

/** One series of a counter as a proxy pushes it. */
export interface CounterSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** One series of a histogram: cumulative counts per upper bound. */
export interface HistogramSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly buckets: readonly { readonly upperBound: number; readonly cumulativeCount: number }[];
}

export interface GoldenPush {
  /** `istio_requests_total` */
  readonly requests: readonly CounterSample[];
  /** `istio_request_duration_milliseconds` */
  readonly durations: readonly HistogramSample[];
  /** When the proxy's counters began, in Unix milliseconds (`process_start_time_seconds`). */
  readonly startedAtMs: number;
}

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
  /** Upper bound → requests in that bucket alone. */
  readonly buckets: Map<number, number>;
}

interface Slot {
  readonly startedAtMs: number;
  readonly tallies: Map<string, Tally>;
}

const slotMs = 1_000;
const slotsKept = 120;
const seriesPerProxy = 20_000;

export class GoldenSignals {
  readonly #slots: Slot[] = [];
  /** Everything since this began, by the same rows. */
  readonly #total: Slot;
  /** Per proxy and series, the last cumulative value. */
  readonly #last = new Map<string, Map<string, number>>();

  constructor(startedAtMs: number) {
    this.#total = { startedAtMs, tallies: new Map() };
  }

  /** Takes one push of one proxy. */
  record(proxy: string, push: GoldenPush, nowMs: number): void {
    // What a proxy had counted before we were there is not what happened just now.
    const isBaseline = !this.#last.has(proxy) && push.startedAtMs < this.#total.startedAtMs;
    const last = this.#lastOf(proxy);
    const slots = isBaseline ? [] : [this.#slot(nowMs), this.#total];
    for (const { labels, value } of push.requests) {
      const grown = advance(last, `r${seriesKey(labels)}`, value);
      if (grown <= 0 || !(counts(labels) || isDenial(labels))) continue;
      for (const slot of slots) addRequests(tallyOf(slot, labels), labels, grown);
    }
    for (const sample of push.durations) addDurations(slots, last, sample);
  }

  /** A proxy that is gone no longer needs its counters remembered. */
  forget(proxy: string): void {
    this.#last.delete(proxy);
  }

  /** Rows of everything since the beginning; rates are over that time. */
  totals(nowMs: number, byCaller: boolean): readonly GoldenRow[] {
    return summed([this.#total], Math.max(1, nowMs - this.#total.startedAtMs), byCaller);
  }

  /** Rows of the last `windowMs`, by namespace, service, version (and caller), in that order. */
  rows(windowMs: number, nowMs: number, byCaller: boolean): readonly GoldenRow[] {
    const within = this.#slots.filter(({ startedAtMs }) => startedAtMs >= nowMs - windowMs);
    return summed(within, windowMs, byCaller);
  }

  #slot(nowMs: number): Slot {
    const latest = this.#slots.at(-1);
    if (latest && nowMs - latest.startedAtMs < slotMs) return latest;
    const slot: Slot = { startedAtMs: nowMs, tallies: new Map() };
    this.#slots.push(slot);
    if (this.#slots.length > slotsKept) this.#slots.shift();
    return slot;
  }

  #lastOf(proxy: string): Map<string, number> {
    const known = this.#last.get(proxy);
    if (known && known.size <= seriesPerProxy) return known;
    const last = new Map<string, number>();
    this.#last.set(proxy, last);
    return last;
  }
}

/**
 * A caller inside the mesh reports what it saw, refusals and broken connections included. The server's side is counted
 * only for callers that report nothing, so that no request counts twice.
 */
function counts(labels: Readonly<Record<string, string>>): boolean {
  if (labels.reporter === "source") return true;
  return labels.reporter === "destination" && (labels.source_principal ?? "unknown") === "unknown";
}

/** Only the proxy that refused knows that it was not the application. */
const isDenial = (labels: Readonly<Record<string, string>>): boolean =>
  labels.reporter === "destination" &&
  labels.response_code === "403" &&
  labels.response_flags !== "-";

function addDurations(
  slots: readonly Slot[],
  last: Map<string, number>,
  { labels, buckets }: HistogramSample,
): void {
  if (!counts(labels)) return;
  let below = 0;
  for (const { upperBound, cumulativeCount } of buckets) {
    const grown = advance(last, `d${upperBound}${seriesKey(labels)}`, cumulativeCount - below);
    below = cumulativeCount;
    if (grown <= 0) continue;
    for (const slot of slots) {
      const tally = tallyOf(slot, labels);
      tally.buckets.set(upperBound, (tally.buckets.get(upperBound) ?? 0) + grown);
    }
  }
}

function summed(slots: readonly Slot[], overMs: number, byCaller: boolean): readonly GoldenRow[] {
  const sums = new Map<string, Tally>();
  for (const slot of slots)
    for (const tally of slot.tallies.values()) mergeInto(sums, tally, byCaller);
  return Array.from(sums.values(), (tally) => toRow(tally, overMs)).sort(byName);
}

function advance(last: Map<string, number>, key: string, value: number): number {
  const before = last.get(key) ?? 0;
  last.set(key, value);
  return value >= before ? value - before : value;
}

const seriesKey = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([name, value]) => `|${name}=${value}`)
    .sort()
    .join("");

function tallyOf(slot: Slot, labels: Readonly<Record<string, string>>): Tally {
  const namespace = labels.destination_service_namespace ?? "unknown";
  const service = labels.destination_service_name ?? "unknown";
  const version = labels.destination_version || "unknown";
  const source = `${labels.source_workload_namespace ?? "unknown"}/${labels.source_workload ?? "unknown"}`;
  const key = `${namespace}/${service}/${version}/${source}`;
  let tally = slot.tallies.get(key);
  if (!tally) {
    tally = { namespace, service, version, source, ...zero() };
    slot.tallies.set(key, tally);
  }
  return tally;
}

const zero = () => ({ requests: 0, failures: 0, denied: 0, buckets: new Map<number, number>() });

function addRequests(tally: Tally, labels: Readonly<Record<string, string>>, count: number): void {
  const status = Number(labels.response_code ?? 0);
  if (isDenial(labels)) tally.denied += count;
  if (!counts(labels)) return;
  tally.requests += count;
  if (status >= 500 || status === 0) tally.failures += count;
}

function mergeInto(sums: Map<string, Tally>, tally: Tally, byCaller: boolean): void {
  const source = byCaller ? tally.source : "";
  const key = `${tally.namespace}/${tally.service}/${tally.version}/${source}`;
  let sum = sums.get(key);
  if (!sum) {
    sum = { ...tally, ...zero(), source };
    sums.set(key, sum);
  }
  sum.requests += tally.requests;
  sum.failures += tally.failures;
  sum.denied += tally.denied;
  for (const [bound, count] of tally.buckets)
    sum.buckets.set(bound, (sum.buckets.get(bound) ?? 0) + count);
}

function toRow(tally: Tally, windowMs: number): GoldenRow {
  const { namespace, service, version, source, requests, failures, denied } = tally;
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
