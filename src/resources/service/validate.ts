import type { Issue } from "#core/issue.ts";
import { isDnsLabel, isDnsSubdomain } from "../names.ts";
import type { Resource } from "../resource.ts";
import { checkLabels } from "../schema/check-metadata.ts";
import { duplicates } from "../schema/duplicates.ts";
import { isIP } from "../schema/ip.ts";
import type { ServicePortSpec, ServiceSpec } from "./read.ts";

export function validateService(object: Resource): readonly Issue[] {
  const spec = (object.spec ?? {}) as ServiceSpec;
  const ports = spec.ports ?? [];
  return [
    ...validatePresence(spec),
    ...ports.flatMap((port, i) => validatePort(port, i, ports.length === 1, spec)),
    ...repeatedPorts(ports),
    ...checkLabels(spec.selector ?? {}, "spec.selector"),
  ];
}

function validatePresence(spec: ServiceSpec): readonly Issue[] {
  const issues: Issue[] = [];
  const { type = "ClusterIP", clusterIP, externalName, sessionAffinity } = spec;
  if (type === "ExternalName") {
    if (externalName === undefined || !isDnsSubdomain(externalName.replace(/\.$/, "")))
      issues.push({
        path: "spec.externalName",
        code: externalName === undefined ? "required" : "invalid",
        message: "a service of type ExternalName needs the DNS name that it stands for",
      });
    if (clusterIP !== undefined && clusterIP !== "")
      issues.push({
        path: "spec.clusterIP",
        code: "invalid",
        message: "a service of type ExternalName has no address",
      });
    return issues;
  }
  if ((spec.ports ?? []).length === 0 && clusterIP !== "None")
    issues.push({ path: "spec.ports", code: "required", message: "required: at least one port" });
  if (clusterIP !== undefined && clusterIP !== "" && clusterIP !== "None" && !isIP(clusterIP))
    issues.push({
      path: "spec.clusterIP",
      code: "invalid",
      message: `"${clusterIP}" is neither an IP address nor None`,
    });
  if (spec.sessionAffinityConfig !== undefined && sessionAffinity !== "ClientIP")
    issues.push({
      path: "spec.sessionAffinityConfig",
      code: "invalid",
      message: "only with sessionAffinity: ClientIP",
    });
  return issues;
}

function validatePort(
  port: ServicePortSpec,
  index: number,
  isOnly: boolean,
  { type = "ClusterIP" }: ServiceSpec,
): readonly Issue[] {
  const at = `spec.ports[${index}]`;
  const issues: Issue[] = [];
  const add = (field: string, code: string, message: string): void => {
    issues.push({ path: `${at}.${field}`, code, message });
  };
  if (!isOnly && !port.name)
    add("name", "required", "required: with several ports each needs a name");
  if (port.name && !isDnsLabel(port.name))
    add(
      "name",
      "invalid",
      `"${port.name}" is not a port's name: expected lower-case letters, digits and -`,
    );
  if (port.nodePort && type === "ClusterIP")
    add("nodePort", "invalid", "only with type NodePort or LoadBalancer");
  const wrong = wrongTargetPort(port.targetPort);
  if (wrong !== undefined) add("targetPort", "invalid", wrong);
  return issues;
}

function repeatedPorts(ports: readonly ServicePortSpec[]): readonly Issue[] {
  const names = ports.map(({ name }) => name || undefined);
  const numbers = ports.map(({ port, protocol = "TCP" }) => `${port}/${protocol}`);
  return [
    ...duplicates(names, (i) => ({
      path: `spec.ports[${i}].name`,
      code: "duplicate",
      message: `another port is already named ${names[i]}`,
    })),
    ...duplicates(numbers, (i) => ({
      path: `spec.ports[${i}].port`,
      code: "duplicate",
      message: `${numbers[i]} is already listed`,
    })),
  ];
}

/** Why this cannot be a target port, or undefined. */
function wrongTargetPort(target: number | string | undefined): string | undefined {
  if (target === undefined || target === "") return undefined;
  if (typeof target === "number")
    return target >= 0 && target <= 65_535
      ? undefined
      : `expected a port from 1 to 65535, got ${target}`;
  const named =
    /^[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?$/.test(target) &&
    /[a-z]/.test(target) &&
    !target.includes("--");
  return named
    ? undefined
    : `"${target}" is not a port's name: expected at most 15 lower-case letters, digits and -, with a letter`;
}
