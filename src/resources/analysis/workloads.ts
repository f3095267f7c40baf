import type { LabelSet } from "../matching.ts";
import type { Resource } from "../resource.ts";
import { readWorkloadEntry } from "../workload-entry/read.ts";
import type { Lister } from "./lister.ts";

export function hasLabels(labels: LabelSet, wanted: LabelSet): boolean {
  return Object.entries(wanted).every(([key, value]) => labels[key] === value);
}

/** Labels of the workloads of a namespace, or of all. The object's own labels count like its spec's. */
export function workloadLabels(lister: Lister, namespace?: string): readonly LabelSet[] {
  return lister.list("workloadentries.networking.istio.io", namespace).map(labelsOf);
}

function labelsOf(object: Resource): LabelSet {
  return { ...object.metadata.labels, ...readWorkloadEntry(object).labels };
}

export function describeLabels(labels: LabelSet): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
}

/** A sentence when nothing has the labels. */
export function unmatchedSelector(
  lister: Lister,
  selector: LabelSet | undefined,
  namespace: string | undefined,
  path: string,
): readonly string[] {
  if (selector === undefined) return [];
  if (workloadLabels(lister, namespace).some((labels) => hasLabels(labels, selector))) return [];
  const where = namespace === undefined ? "" : ` of namespace ${namespace}`;
  return [`${path}: no workload${where} has the labels ${describeLabels(selector)} yet`];
}
