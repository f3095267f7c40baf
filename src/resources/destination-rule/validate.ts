import type { Issue } from "#core/issue.ts";
import type { Resource } from "../resource.ts";
import { checkExportTo, checkHost, checkSelector, issue } from "../schema/checks.ts";
import { duplicates } from "../schema/duplicates.ts";
import { durationMs } from "../schema/duration.ts";
import { fieldPath } from "../schema/field-path.ts";
import type { DestinationRuleSpec, PortPolicySpec, TrafficPolicySpec } from "./schema.ts";

export function validateDestinationRule(object: Resource): readonly Issue[] {
  const { host, exportTo, trafficPolicy, subsets = [] } = object.spec as DestinationRuleSpec;
  const names = subsets.map(({ name }) => name);
  return [
    ...checkHost(host, "spec.host"),
    ...checkExportTo(exportTo, "spec.exportTo"),
    ...validateTrafficPolicy(trafficPolicy, "spec.trafficPolicy"),
    ...subsets.flatMap((subset, i) => validateSubset(subset, fieldPath("spec.subsets", i))),
    ...duplicates(names, (i, first) =>
      issue(
        `spec.subsets[${i}].name`,
        "duplicate",
        `spec.subsets[${first}] is named "${names[i]}" too`,
      ),
    ),
  ];
}

type SubsetSpec = NonNullable<DestinationRuleSpec["subsets"]>[number];

const subsetName = /^[A-Za-z0-9]([-A-Za-z0-9]{0,61}[A-Za-z0-9])?$/;

function validateSubset(
  { name, labels, trafficPolicy }: SubsetSpec,
  path: string,
): readonly Issue[] {
  const message = `"${name}" is not the name of a subset: expected at most 63 letters, digits and -`;
  return [
    ...(subsetName.test(name) ? [] : [issue(`${path}.name`, "invalid", message)]),
    ...checkSelector(labels, `${path}.labels`),
    ...validateTrafficPolicy(trafficPolicy, `${path}.trafficPolicy`),
  ];
}

function validateTrafficPolicy(
  policy: TrafficPolicySpec | undefined,
  path: string,
): readonly Issue[] {
  if (policy === undefined) return [];
  const at = `${path}.portLevelSettings`;
  const ports = policy.portLevelSettings ?? [];
  const numbers = ports.map(({ port }) => port.number);
  return [
    ...validatePortPolicy(policy, path),
    ...ports.flatMap((port, i) => validatePortPolicy(port, fieldPath(at, i))),
    ...duplicates(numbers, (i) =>
      issue(`${at}[${i}].port.number`, "duplicate", `port ${numbers[i]} already has a policy`),
    ),
  ];
}

function validatePortPolicy(
  { outlierDetection, connectionPool }: PortPolicySpec,
  path: string,
): readonly Issue[] {
  return [
    ...validateOutlierDetection(outlierDetection, `${path}.outlierDetection`),
    ...validateProbes(connectionPool?.tcp?.tcpKeepalive, `${path}.connectionPool.tcp.tcpKeepalive`),
    ...validateVersions(connectionPool?.http, `${path}.connectionPool.http`),
  ];
}

function validateOutlierDetection(
  {
    splitExternalLocalOriginErrors,
    consecutiveLocalOriginFailures,
  }: NonNullable<PortPolicySpec["outlierDetection"]> = {},
  path: string,
): readonly Issue[] {
  if (consecutiveLocalOriginFailures === undefined || splitExternalLocalOriginErrors === true)
    return [];
  return [
    issue(
      `${path}.consecutiveLocalOriginFailures`,
      "invalid",
      "does nothing unless splitExternalLocalOriginErrors is true: connect failures count as 5xx errors then",
    ),
  ];
}

/** The longest that Linux takes. */
const probeTimeMaxS = 32_767;

function validateProbes(
  probes: NonNullable<NonNullable<PortPolicySpec["connectionPool"]>["tcp"]>["tcpKeepalive"],
  path: string,
): readonly Issue[] {
  return (["time", "interval"] as const).flatMap((field) => {
    const written = probes?.[field];
    if (written === undefined || durationMs(written) <= probeTimeMaxS * 1000) return [];
    const message = `expected at most ${probeTimeMaxS}s, got ${written}`;
    return [issue(`${path}.${field}`, "out-of-range", message)];
  });
}

type HttpSpec = NonNullable<PortPolicySpec["connectionPool"]>["http"];

function validateVersions(http: HttpSpec, path: string): readonly Issue[] {
  const { h2UpgradePolicy, useClientProtocol, http2KeepAlive } = http ?? {};
  return [
    ...(useClientProtocol === true && h2UpgradePolicy === "UPGRADE"
      ? [
          issue(
            `${path}.useClientProtocol`,
            "invalid",
            "contradicts h2UpgradePolicy UPGRADE; expected one of the two",
          ),
        ]
      : []),
    ...(http2KeepAlive !== undefined &&
    http2KeepAlive.interval === undefined &&
    http2KeepAlive.connectionIdleInterval === undefined
      ? [
          issue(
            `${path}.http2KeepAlive`,
            "invalid",
            "does nothing without interval or connectionIdleInterval",
          ),
        ]
      : []),
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
