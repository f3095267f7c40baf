import type { Metric, MetricFamily } from "./metric-family.ts";

type Value = Extract<Metric, { readonly kind: "value" }>;

/** Families of several processes as those of one: values with the same labels are added up. Histograms are left out. */
export function sumFamilies(all: readonly (readonly MetricFamily[])[]): readonly MetricFamily[] {
  const families = new Map<string, MetricFamily>();
  const values = new Map<string, Map<string, Value>>();
  for (const family of all.flat()) {
    const known = values.get(family.name) ?? new Map<string, Value>();
    for (const metric of family.metrics) if (metric.kind === "value") add(known, metric);
    values.set(family.name, known);
    families.set(family.name, family);
  }
  return Array.from(families.values(), (family) => ({
    ...family,
    metrics: [...(values.get(family.name)?.values() ?? [])],
  }));
}

function add(known: Map<string, Value>, metric: Value): void {
  const key = JSON.stringify(metric.labels);
  const value = (known.get(key)?.value ?? 0) + metric.value;
  known.set(key, { ...metric, value });
}
