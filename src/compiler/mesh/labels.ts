import type { LabelSet } from "#resources/matching.ts";
import type { WorkloadEntry } from "#resources/workload-entry/workload-entry.ts";

/** Whether the labels have everything that is wanted. */
export function hasLabels(labels: LabelSet, wanted: LabelSet): boolean {
  for (const key in wanted) if (labels[key] !== wanted[key]) return false;
  return true;
}

/** Keys of an index over labels within one namespace. */
export function labelKeys(namespace: string, labels: LabelSet): readonly string[] {
  return Object.keys(labels)
    .sort()
    .map((key) => `${namespace}/${key}=${labels[key]}`);
}

const merged = new WeakMap<WorkloadEntry, LabelSet>();

/** A workload's labels are those of its spec and of its metadata; metadata wins. */
export function labelsOf(entry: WorkloadEntry): LabelSet {
  const known = merged.get(entry);
  if (known !== undefined) return known;
  const labels = { ...entry.labels, ...entry.object.labels };
  merged.set(entry, labels);
  return labels;
}

/** Nobody is selected by a selector without labels. */
export function selects(selector: LabelSet | undefined, labels: LabelSet): boolean {
  if (selector === undefined) return false;
  for (const _ in selector) return hasLabels(labels, selector);
  return false;
}
