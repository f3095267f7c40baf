import type { Issue } from "#core/issue.ts";
import type { Resource } from "../resource.ts";
import { checkExportTo, checkHost, checkSelector, issue } from "../schema/checks.ts";
import { fieldPath } from "../schema/field-path.ts";
import type { DestinationRuleSpec, PortPolicySpec, TrafficPolicySpec } from "./schema.ts";

export function validateDestinationRule(object: Resource): readonly Issue[] {
  const spec = object.spec as DestinationRuleSpec;
  return [
    ...checkHost(spec.host, "spec.host"),
    ...checkExportTo(spec.exportTo, "spec.exportTo"),
    ...validateTrafficPolicy(spec.trafficPolicy, "spec.trafficPolicy"),
    ...(spec.subsets ?? []).flatMap((_, i) => validateSubset(spec.subsets ?? [], i)),
  ];
}

type SubsetSpec = NonNullable<DestinationRuleSpec["subsets"]>[number];

function validateSubset(subsets: readonly SubsetSpec[], index: number): readonly Issue[] {
  const path = fieldPath("spec.subsets", index);
  const { name = "", labels, trafficPolicy } = subsets[index] ?? {};
  const issues: Issue[] = [];
  if (!/^[A-Za-z0-9]([-A-Za-z0-9]{0,61}[A-Za-z0-9])?$/.test(name))
    issues.push(
      issue(
        `${path}.name`,
        "invalid",
        `"${name}" is not the name of a subset: expected at most 63 letters, digits and -`,
      ),
    );
  const first = subsets.findIndex((subset) => subset.name === name);
  if (first < index)
    issues.push(
      issue(`${path}.name`, "duplicate", `spec.subsets[${first}] is named "${name}" too`),
    );
  return [
    ...issues,
    ...checkSelector(labels, `${path}.labels`),
    ...validateTrafficPolicy(trafficPolicy, `${path}.trafficPolicy`),
  ];
}

function validateTrafficPolicy(
  policy: TrafficPolicySpec | undefined,
  path: string,
): readonly Issue[] {
  if (policy === undefined) return [];
  const ports = policy.portLevelSettings ?? [];
  const numbers = ports.map(({ port }) => port.number);
  return [
    ...validatePortPolicy(policy, path),
    ...ports.flatMap((port, i) =>
      validatePortPolicy(port, fieldPath(`${path}.portLevelSettings`, i)),
    ),
    ...numbers.flatMap((number, i) =>
      numbers.indexOf(number) < i
        ? [
            issue(
              `${path}.portLevelSettings[${i}].port.number`,
              "duplicate",
              `port ${number} already has a policy`,
            ),
          ]
        : [],
    ),
  ];
}

function validatePortPolicy({ outlierDetection }: PortPolicySpec, path: string): readonly Issue[] {
  const { splitExternalLocalOriginErrors, consecutiveLocalOriginFailures } = outlierDetection ?? {};
  if (consecutiveLocalOriginFailures === undefined || splitExternalLocalOriginErrors === true)
    return [];
  return [
    issue(
      `${path}.outlierDetection.consecutiveLocalOriginFailures`,
      "invalid",
      "does nothing unless splitExternalLocalOriginErrors is true: connect failures count as 5xx errors then",
    ),
  ];
}

export function destinationRuleWarnings(object: Resource): readonly string[] {
  const { host, trafficPolicy, subsets = [] } = object.spec as DestinationRuleSpec;
  const warnings = subsets.flatMap(({ name, labels = {} }, i) =>
    Object.keys(labels).length === 0
      ? [`spec.subsets[${i}] (${name}) has no labels, so it is every endpoint of ${host}`]
      : [],
  );
  if (trafficPolicy === undefined && subsets.length === 0)
    warnings.push("spec has neither trafficPolicy nor subsets, so the rule does nothing");
  return warnings;
}
