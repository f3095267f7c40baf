// The project's goals for the data plane, and what this run has to say of each. A goal is met when the median is within it.
import type { TableColumn } from "#cli/output/table.ts";
import type { ArmName } from "../arms/arm.ts";
import type { CaseName, Regime } from "../compare/cases.ts";
import type { Metric, Sample } from "../measure/sample.ts";
import type { Reference } from "./compare-arms.ts";
import { spreadText } from "./comparison-columns.ts";
import type { BenchResult } from "./result.ts";
import { type Spread, spreadOf } from "./spread.ts";

export interface GoalRow {
  readonly what: string;
  /** What others were measured at before; with the machine it was measured on, not to be mixed with this run's. */
  readonly reference: string;
  readonly goal: string;
  readonly measured: string;
  readonly verdict: "met" | "within the bound" | "NOT MET" | "not measured";
}

export const goalColumns: readonly TableColumn<GoalRow>[] = [
  { title: "WHAT", cell: ({ what }) => what },
  { title: "REFERENCES", cell: ({ reference }) => reference },
  { title: "GOAL", cell: ({ goal }) => goal },
  { title: "WEFT, THIS RUN", cell: ({ measured }) => measured },
  { title: "", cell: ({ verdict }) => verdict },
];

interface Goal {
  readonly what: string;
  readonly reference: string;
  readonly measure: (result: BenchResult) => Spread | undefined;
  readonly limit: number;
  /** What may not be missed, where the goal may. */
  readonly bound?: number;
  /** `at-least`: more is better. */
  readonly sense?: "at-least";
  readonly unit: string;
  readonly digits: number;
}

export const goalRows = (result: BenchResult): readonly GoalRow[] =>
  goals.map((goal) => {
    const { what, reference, digits } = goal;
    const row = { what, reference, goal: limitText(goal) };
    const spread = goal.measure(result);
    if (!spread) return { ...row, measured: "–", verdict: "not measured" };
    const measured = spreadText(spread, (value) => value.toFixed(digits));
    return { ...row, measured, verdict: verdictOf(goal, spread.median) };
  });

function limitText({ limit, bound, sense, unit }: Goal): string {
  const goal = `${sense === "at-least" ? "≥" : "≤"} ${limit} ${unit}`.trim();
  return bound === undefined ? goal : `${goal} (bound ${bound})`;
}

function verdictOf({ limit, bound, sense }: Goal, median: number): GoalRow["verdict"] {
  const isWithin = (end: number): boolean => (sense === "at-least" ? median >= end : median <= end);
  if (isWithin(limit)) return "met";
  return bound !== undefined && isWithin(bound) ? "within the bound" : "NOT MET";
}

const ratioTo =
  (reference: Reference, metric: Metric, name: CaseName, regime: Regime = "saturation") =>
  (result: BenchResult): Spread | undefined =>
    weftRow(result, name, regime)?.figures[metric]?.ratios[reference];

const figureOf =
  (metric: Metric, name: CaseName, regime: Regime = "saturation", scale = 1) =>
  (result: BenchResult): Spread | undefined =>
    scaled(weftRow(result, name, regime)?.figures[metric]?.value, scale);

const weftRow = (result: BenchResult, name: CaseName, regime: Regime) =>
  result.comparisons
    .find((each) => each.case === name && each.regime === regime)
    ?.rows.find(({ arm }) => arm === "weft");

/** The same metric of Weft in one case divided by that in another, round by round. */
const betweenCases =
  (metric: Metric, name: CaseName, base: CaseName) =>
  ({ samples }: BenchResult): Spread | undefined =>
    roundByRound(samples, { arm: "weft", case: name }, { arm: "weft", case: base }, metric);

/** To an arm that is no reference of the tables. */
const ratioToArm =
  (arm: ArmName, metric: Metric, name: CaseName) =>
  ({ samples }: BenchResult): Spread | undefined =>
    roundByRound(samples, { arm: "weft", case: name }, { arm, case: name }, metric);

interface Which {
  readonly arm: ArmName;
  readonly case: CaseName;
}

function roundByRound(
  samples: readonly Sample[],
  of: Which,
  to: Which,
  metric: Metric,
): Spread | undefined {
  const find = (which: Which, round: number): number =>
    samples.find(
      (each) =>
        each.arm === which.arm &&
        each.case === which.case &&
        each.round === round &&
        each.regime === "saturation",
    )?.metrics[metric] ?? Number.NaN;
  const rounds = [...new Set(samples.map(({ round }) => round))];
  const ratios = rounds.map((round) => find(of, round) / find(to, round)).filter(Number.isFinite);
  return ratios.length === 0 ? undefined : spreadOf(ratios);
}

const loadedRss =
  (name: CaseName, regime: Regime, hops: number) =>
  (result: BenchResult): Spread | undefined =>
    scaled(weftRow(result, name, regime)?.loaded.rssMb, 1 / hops);

const idleMemory =
  (setup: string, field: "rssMb" | "pssMb") =>
  ({ memory }: BenchResult): Spread | undefined => {
    const found = memory.find((each) => each.arm === "weft" && each.setup === setup);
    if (!found?.idle) return undefined;
    return spreadOf([found.idle.proxies[field] / found.proxies]);
  };

/** What a core could do if this were all its work. */
const perCore =
  (name: CaseName) =>
  ({ samples }: BenchResult): Spread | undefined => {
    const costs = samples
      .filter((each) => each.arm === "weft" && each.case === name && each.regime === "saturation")
      .flatMap(({ metrics }) => metrics.cpuUsPerRequest ?? []);
    return costs.length === 0 ? undefined : spreadOf(costs.map((us) => 1e6 / us / 1_000));
  };

const scaled = (spread: Spread | undefined, by: number): Spread | undefined =>
  spread && { median: spread.median * by, min: spread.min * by, max: spread.max * by };

const ratioGoal = { unit: "×", digits: 2 } as const;
const flat = { ...ratioGoal, limit: 1.05, reference: "Envoy, 10,000 prefix routes: 14" } as const;

const goals: readonly Goal[] = [
  {
    ...{ what: "CPU, one hop, to HAProxy with access log", reference: "prototype 1.04" },
    ...{
      measure: ratioTo("haproxy", "cpuUsPerRequest", "one-hop"),
      limit: 1.25,
      bound: 1.33,
      ...ratioGoal,
    },
  },
  {
    ...{ what: "CPU, one hop, to HAProxy without one", reference: "" },
    ...{ measure: ratioToArm("haproxy-unlogged", "cpuUsPerRequest", "one-hop") },
    ...{ limit: 1.33, ...ratioGoal },
  },
  {
    ...{ what: "CPU, one hop, to Envoy as meshes configure it", reference: "HAProxy 0.33" },
    ...{
      measure: ratioTo("envoy", "cpuUsPerRequest", "one-hop"),
      limit: 0.4,
      bound: 0.45,
      ...ratioGoal,
    },
  },
  {
    ...{ what: "CPU with 10,000 hosts, to one host", ...flat },
    measure: betweenCases("cpuUsPerRequest", "hosts-10k", "hosts-1"),
  },
  {
    ...{ what: "CPU with 10,000 exact routes, to one", ...flat },
    measure: betweenCases("cpuUsPerRequest", "routes-10k-exact", "routes-1"),
  },
  {
    ...{ what: "CPU with 10,000 prefix routes, to one", ...flat },
    measure: betweenCases("cpuUsPerRequest", "routes-10k-prefix", "routes-1"),
  },
  {
    ...{ what: "CPU of the pair with 5,000 other services, to 1,000", ...flat, reference: "" },
    measure: betweenCases("cpuUsPerRequest", "services-5k", "services-1k"),
  },
  {
    ...{
      what: "CPU, pair, to HAProxy with HTTP/1 between",
      reference: "prototype 0.46 multiplexed",
    },
    ...{
      measure: ratioTo("haproxy", "cpuUsPerRequest", "pair"),
      limit: 0.75,
      bound: 0.8,
      ...ratioGoal,
    },
  },
  {
    ...{ what: "CPU, pair, to HAProxy with HTTP/2 between (stretch)", reference: "prototype 0.88" },
    ...{ measure: ratioToArm("haproxy-h2", "cpuUsPerRequest", "pair"), limit: 1, ...ratioGoal },
  },
  {
    ...{ what: "CPU, pair, to Envoy's better one", reference: "HAProxy HTTP/1 0.50" },
    ...{
      measure: ratioTo("envoy", "cpuUsPerRequest", "pair"),
      limit: 0.35,
      bound: 0.4,
      ...ratioGoal,
    },
  },
  {
    ...{ what: "HTTP/2 streams per core, one hop", reference: "HAProxy 68–74 k" },
    ...{ measure: perCore("http2"), limit: 25, sense: "at-least", unit: "k/s", digits: 1 },
  },
  {
    ...{ what: "vCPU of one proxy at 1,000 requests/s, layer 7, mutual TLS" },
    ...{ reference: "Istio sidecar 0.20, Envoy 0.18, HAProxy 0.074" },
    ...{ measure: figureOf("vcpus", "pair", "fixed-rate", 1 / 2), limit: 0.08 },
    ...{ unit: "", digits: 3 },
  },
  {
    ...{ what: "the same at layer 4", reference: "ztunnel 0.06" },
    ...{ measure: figureOf("vcpus", "tcp", "fixed-rate", 1 / 2), limit: 0.06 },
    ...{ unit: "", digits: 3 },
  },
  ...(["p50", "p90", "p99"] as const).map((name) => ({
    ...{ what: `${name} of the pair at 1,000 requests/s over direct, to HAProxy`, reference: "" },
    measure: ratioTo(
      "haproxy",
      ({ p50: "overDirectP50Us", p90: "overDirectP90Us", p99: "overDirectP99Us" } as const)[name],
      "pair",
      "fixed-rate",
    ),
    ...{ limit: name === "p99" ? 1.2 : 1, ...ratioGoal },
  })),
  ...(["p50", "p90"] as const).map((name) => ({
    ...{ what: `${name} of the pair at 1,000 requests/s, to HAProxy`, reference: "" },
    measure: ratioTo("haproxy", `${name}Us` as const, "pair", "fixed-rate"),
    ...{ limit: 1, ...ratioGoal },
  })),
  {
    ...{ what: "full mutual-TLS handshakes per core, each with a request" },
    ...{ reference: "Bun 2.4 k, HAProxy 1.8 k", measure: perCore("handshakes"), limit: 2 },
    ...{ sense: "at-least", unit: "k/s", digits: 2 },
  },
  {
    ...{ what: "RSS idle", reference: "ztunnel 12, Linkerd 6–26, Envoy 50–60" },
    ...{ measure: idleMemory("pair", "rssMb"), limit: 35, unit: "MB", digits: 1 },
  },
  {
    ...{ what: "PSS idle", reference: "", measure: idleMemory("pair", "pssMb"), limit: 25 },
    ...{ unit: "MB", digits: 1 },
  },
  {
    ...{ what: "RSS at saturation, pair", reference: "prototype 42–47" },
    ...{ measure: loadedRss("pair", "saturation", 2), limit: 50, bound: 60, unit: "MB", digits: 1 },
  },
  {
    ...{ what: "RSS at 1,000 requests/s with 1,000 services", reference: "" },
    ...{
      measure: loadedRss("services-1k", "fixed-rate", 2),
      limit: 50,
      bound: 60,
      unit: "MB",
      digits: 1,
    },
  },
  {
    ...{ what: "RSS at 1,000 requests/s with 5,000 services" },
    ...{ reference: "agentgateway 46, Envoy 1,200–1,800" },
    ...{ measure: loadedRss("services-5k", "fixed-rate", 2), limit: 80, unit: "MB", digits: 1 },
  },
  {
    ...{ what: "idle connection, plaintext, RSS", reference: "Linkerd ~26, prototype 2.0" },
    ...{ measure: figureOf("idleRssKb", "idle-plain", "idle"), limit: 4, unit: "KB", digits: 1 },
  },
  {
    ...{ what: "idle connection, mutual TLS, RSS", reference: "prototype 12.9" },
    ...{ measure: figureOf("idleRssKb", "idle-mtls", "idle"), limit: 18, unit: "KB", digits: 1 },
  },
];
