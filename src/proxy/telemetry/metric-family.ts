/** Metrics as they leave the proxy: read by the Prometheus text and by the push to the control plane. */
export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly metrics: readonly Metric[];
}

export type Labels = readonly (readonly [name: string, value: string])[];

export type Metric =
  | { readonly kind: "value"; readonly labels: Labels; readonly value: number }
  | {
      readonly kind: "histogram";
      readonly labels: Labels;
      /** Upper bounds, ascending, without +Inf. */
      readonly bounds: readonly number[];
      /** Observations at or below each bound, then all of them. */
      readonly cumulative: readonly number[];
      readonly sum: number;
    };

/** Prometheus text exposition format 0.0.4. */
export function prometheusText(families: readonly MetricFamily[]): string {
  return families
    .filter(({ metrics }) => metrics.length > 0)
    .map(familyText)
    .join("");
}

function familyText({ name, help, type, metrics }: MetricFamily): string {
  const lines = metrics.map((metric) =>
    metric.kind === "value"
      ? `${name}${braces(metric.labels)} ${metric.value}\n`
      : histogramText(name, metric),
  );
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}

function histogramText(
  name: string,
  { labels, bounds, cumulative, sum }: Extract<Metric, { readonly kind: "histogram" }>,
): string {
  const total = cumulative[bounds.length] ?? 0;
  const buckets = [...bounds.map(String), "+Inf"].map(
    (le, i) => `${name}_bucket${braces([...labels, ["le", le]])} ${cumulative[i] ?? total}\n`,
  );
  return `${buckets.join("")}${name}_sum${braces(labels)} ${sum}\n${name}_count${braces(labels)} ${total}\n`;
}

function braces(labels: Labels): string {
  if (labels.length === 0) return "";
  return `{${labels.map(([name, value]) => `${name}="${escaped(value)}"`).join(",")}}`;
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
