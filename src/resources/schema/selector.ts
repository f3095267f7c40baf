import Type, { type Static } from "typebox";
import type { LabelSet } from "../matching.ts";
import { map, object, optional } from "./fields.ts";

/** Istio's WorkloadSelector of policies. */
export const selectorSchema = object(
  { matchLabels: optional(map(Type.String(), "Labels that a workload must have.")) },
  "Workloads that the policy holds for; the whole namespace unless written.",
);

export type SelectorSpec = Static<typeof selectorSchema>;

/** No labels select like no selector. */
export function readSelector(selector: SelectorSpec | undefined): LabelSet | undefined {
  const labels = selector?.matchLabels ?? {};
  return Object.keys(labels).length === 0 ? undefined : labels;
}

/** A selector that was written and selects nothing in particular is seldom meant. */
export function emptySelectorWarning(selector: SelectorSpec | undefined): readonly string[] {
  if (selector === undefined || readSelector(selector) !== undefined) return [];
  return ["spec.selector has no labels, so it selects every workload; leave it out to say so"];
}
