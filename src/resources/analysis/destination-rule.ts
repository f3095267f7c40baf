import type { DestinationRule } from "../destination-rule/destination-rule.ts";
import { readDestinationRule } from "../destination-rule/read.ts";
import { olderFirst } from "../identity.ts";
import type { LabelSet } from "../matching.ts";
import type { Resource } from "../resource.ts";
import { findHost, type KnownHost, missingHost, missingPort, portsOf } from "./hosts.ts";
import type { Analysis, Lister } from "./lister.ts";
import { missingExports } from "./missing.ts";
import { describeLabels, hasLabels, workloadLabels } from "./workloads.ts";

export function analyseDestinationRule(object: Resource, lister: Lister): Analysis {
  const rule = readDestinationRule(object);
  const { namespace } = rule.object;
  const known = rule.host.startsWith("*") ? undefined : findHost(lister, rule.host, namespace);
  const missing = known === undefined && !rule.host.startsWith("*");
  return {
    issues: [],
    warnings: [
      ...(missing ? [missingHost("spec.host", rule.host)] : []),
      ...missingExports(lister, rule.exportTo, namespace),
      ...(known ? [...missingPorts(rule, known), ...emptySubsets(rule, known, lister)] : []),
      ...mergedRules(rule, lister),
    ],
  };
}

function missingPorts(rule: DestinationRule, known: KnownHost): readonly string[] {
  const ports = portsOf(known);
  return (rule.trafficPolicy?.portLevel ?? []).flatMap(({ port }, i) =>
    ports.includes(port)
      ? []
      : [missingPort(`spec.trafficPolicy.portLevelSettings[${i}].port`, port, known, rule.host)],
  );
}

function emptySubsets(
  { subsets, host }: DestinationRule,
  known: KnownHost,
  lister: Lister,
): readonly string[] {
  const endpoints = endpointLabels(known, lister);
  if (endpoints === undefined) return [];
  return subsets.flatMap(({ name, labels }, i) =>
    endpoints.some((each) => hasLabels(each, labels))
      ? []
      : [`spec.subsets[${i}] (${name}): no workload of ${host} has ${describeLabels(labels)} yet`],
  );
}

/** Labels of what is behind a host; undefined when endpoints are written by someone else. */
function endpointLabels(known: KnownHost, lister: Lister): readonly LabelSet[] | undefined {
  if (known.kind === "service") {
    const { selector, object } = known.service;
    if (selector === undefined) return undefined;
    return workloadLabels(lister, object.namespace).filter((labels) => hasLabels(labels, selector));
  }
  const { workloadSelector, endpoints, object } = known.entry;
  if (workloadSelector === undefined) return endpoints.map(({ labels }) => labels);
  return workloadLabels(lister, object.namespace).filter((labels) =>
    hasLabels(labels, workloadSelector),
  );
}

/** Rules of one namespace for one host are merged: what the older one says is not said again. */
function mergedRules(rule: DestinationRule, lister: Lister): readonly string[] {
  const { namespace, name } = rule.object;
  const others = lister
    .list("destinationrules.networking.istio.io", namespace)
    .filter(({ metadata }) => metadata.name !== name)
    .map(readDestinationRule)
    .filter((other) => other.host === rule.host)
    .filter((other) => rule.object.createdAt === "" || olderFirst(other.object, rule.object) < 0)
    .sort((a, b) => olderFirst(a.object, b.object));
  return others.flatMap((other) => ignoredBeside(rule, other));
}

function ignoredBeside(rule: DestinationRule, older: DestinationRule): readonly string[] {
  const first = `DestinationRule ${older.object.namespace}/${older.object.name}`;
  const warnings: string[] = [];
  if (rule.trafficPolicy !== undefined && older.trafficPolicy !== undefined)
    warnings.push(
      `spec.trafficPolicy does nothing: ${first} for the same host is older, and its trafficPolicy holds`,
    );
  for (const [i, { name }] of rule.subsets.entries())
    if (older.subsets.some((subset) => subset.name === name))
      warnings.push(
        `spec.subsets[${i}] (${name}) does nothing: ${first} for the same host is older and defines it`,
      );
  return warnings;
}
