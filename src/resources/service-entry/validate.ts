import type { Issue } from "#core/issue.ts";
import { isDnsLabel } from "../names.ts";
import type { Resource } from "../resource.ts";
import { checkDistinct, checkExportTo, checkHost, checkSelector, issue } from "../schema/checks.ts";
import { duplicates } from "../schema/duplicates.ts";
import { fieldPath } from "../schema/field-path.ts";
import { isCidr, isIP } from "../schema/ip.ts";
import { didYouMean } from "../schema/nearest.ts";
import type { WorkloadAddressSpec } from "../workload-entry/schema.ts";
import { validateWorkloadAddress } from "../workload-entry/validate.ts";
import type { ServiceEntrySpec } from "./schema.ts";

export function validateServiceEntry(object: Resource): readonly Issue[] {
  const spec = object.spec as ServiceEntrySpec;
  const { hosts, addresses = [], workloadSelector } = spec;
  return [
    ...hosts.flatMap((host, i) => validateHost(host, spec, fieldPath("spec.hosts", i))),
    ...checkDistinct(
      hosts.map((host) => host.toLowerCase()),
      "spec.hosts",
    ),
    ...addresses.flatMap((address, i) => validateAddress(address, fieldPath("spec.addresses", i))),
    ...checkDistinct(addresses, "spec.addresses"),
    ...validatePorts(spec.ports),
    ...validateTargetPorts(spec),
    ...validateEndpoints(spec),
    ...validateSingleName(spec),
    ...checkSelector(workloadSelector?.labels, "spec.workloadSelector.labels"),
    ...checkExportTo(spec.exportTo, "spec.exportTo"),
    ...(spec.subjectAltNames ?? []).flatMap((name, i) => validateIdentity(name, i)),
  ];
}

/** Names are resolved, of endpoints or of the entry itself. */
function isByName({ resolution }: ServiceEntrySpec): boolean {
  return resolution === "DNS" || resolution === "DNS_ROUND_ROBIN";
}

function validateHost(host: string, spec: ServiceEntrySpec, path: string): readonly Issue[] {
  if (host === "*")
    return [
      issue(path, "invalid", "a service cannot have every name; expected a DNS name, or *.suffix"),
    ];
  const wildcard = host.startsWith("*.");
  if (wildcard && isByName(spec) && (spec.endpoints ?? []).length === 0)
    return [
      issue(path, "invalid", `"${host}" cannot be resolved; name the host, or give endpoints`),
    ];
  return checkHost(host, path);
}

function validateAddress(address: string, path: string): readonly Issue[] {
  if (isIP(address)) return [];
  if (isCidr(address))
    return [
      issue(
        path,
        "unsupported-value",
        "address ranges are not supported by this version of Weft; expected single IP addresses",
      ),
    ];
  return [issue(path, "invalid", `"${address}" is not an IP address`)];
}

function validatePorts(ports: ServiceEntrySpec["ports"]): readonly Issue[] {
  return [
    ...ports.flatMap(({ name }, i) =>
      isDnsLabel(name)
        ? []
        : [
            issue(
              `spec.ports[${i}].name`,
              "invalid",
              `"${name}" is not a port's name: expected lower-case letters, digits and -`,
            ),
          ],
    ),
    ...duplicates(
      ports.map(({ name }) => name),
      (i, first) =>
        issue(`spec.ports[${i}].name`, "duplicate", `spec.ports[${first}] has this name too`),
    ),
    ...duplicates(
      ports.map(({ number }) => number),
      (i, first) =>
        issue(`spec.ports[${i}].number`, "duplicate", `spec.ports[${first}] has this number too`),
    ),
  ];
}

function validateEndpoints(spec: ServiceEntrySpec): readonly Issue[] {
  const { endpoints = [], resolution = "NONE", workloadSelector } = spec;
  const issues: Issue[] = [];
  if (workloadSelector !== undefined && endpoints.length > 0)
    issues.push(
      issue(
        "spec.workloadSelector",
        "invalid",
        "expected either endpoints or workloadSelector, got both",
      ),
    );
  if (resolution === "NONE" && (endpoints.length > 0 || workloadSelector !== undefined)) {
    const field = endpoints.length > 0 ? "endpoints" : "workloadSelector";
    issues.push(
      issue(
        `spec.${field}`,
        "invalid",
        "does nothing with resolution NONE; write resolution: STATIC or DNS",
      ),
    );
  }
  const names = new Set(spec.ports.map(({ name }) => name));
  const mayBeUnix = resolution === "STATIC" ? "unix" : "no-unix";
  return [
    ...issues,
    ...endpoints.flatMap((endpoint, i) => [
      ...validateWorkloadAddress(endpoint, fieldPath("spec.endpoints", i), mayBeUnix),
      ...validateEndpoint(endpoint, resolution, names, fieldPath("spec.endpoints", i)),
    ]),
  ];
}

function validateTargetPorts({ ports, resolution = "NONE" }: ServiceEntrySpec): readonly Issue[] {
  return ports.flatMap(({ number, targetPort = number }, i) =>
    resolution !== "NONE" || targetPort === number
      ? []
      : [
          issue(
            `spec.ports[${i}].targetPort`,
            "invalid",
            "does nothing with resolution NONE, where every request goes to the port that it names",
          ),
        ],
  );
}

/** As Envoy's logical names: there is one. */
function validateSingleName(spec: ServiceEntrySpec): readonly Issue[] {
  const { resolution, hosts, endpoints = [], workloadSelector } = spec;
  if (resolution !== "DNS_ROUND_ROBIN") return [];
  const refuse = (field: string, message: string): readonly Issue[] => [
    issue(`spec.${field}`, "invalid", `${message}; write resolution: DNS for several names`),
  ];
  if (workloadSelector !== undefined)
    return refuse("workloadSelector", "may select more than the one name of DNS_ROUND_ROBIN");
  if (endpoints.length > 1) return refuse("endpoints", "expected at most one with DNS_ROUND_ROBIN");
  return endpoints.length === 0 && hosts.length > 1
    ? refuse("hosts", "expected one with DNS_ROUND_ROBIN and no endpoints")
    : [];
}

function validateEndpoint(
  { address, ports = {} }: WorkloadAddressSpec,
  resolution: string,
  names: ReadonlySet<string>,
  path: string,
): readonly Issue[] {
  const isName = !isIP(address) && !address.startsWith("unix:");
  const message = `"${address}" is not an IP address; write resolution: DNS for names`;
  return [
    ...(resolution === "STATIC" && isName ? [issue(`${path}.address`, "invalid", message)] : []),
    ...Object.keys(ports)
      .filter((name) => !names.has(name))
      .map((name) =>
        issue(
          fieldPath(`${path}.ports`, name),
          "invalid",
          `spec.ports has no port of this name${didYouMean(name, [...names])}`,
        ),
      ),
  ];
}

function validateIdentity(name: string, index: number): readonly Issue[] {
  if (/^spiffe:\/\/[^/\s]+\/\S+$/.test(name)) return [];
  return [
    issue(
      fieldPath("spec.subjectAltNames", index),
      "unsupported-value",
      `"${name}" is not a SPIFFE ID, and this version of Weft verifies no other names; expected spiffe://<trust domain>/<path>`,
    ),
  ];
}

export function serviceEntryWarnings(object: Resource): readonly string[] {
  const spec = object.spec as ServiceEntrySpec;
  const { hosts, endpoints = [], workloadSelector, resolution, location } = spec;
  const namespace = object.metadata.namespace ?? "default";
  const warnings = hosts.flatMap((host, i) =>
    host.includes(".")
      ? []
      : [
          `spec.hosts[${i}] has no dot: rules that say "${host}" mean ${host}.<their namespace>.svc.cluster.local, not this entry of namespace ${namespace}`,
        ],
  );
  if (resolution === "STATIC" && endpoints.length === 0 && workloadSelector === undefined)
    warnings.push("spec has resolution STATIC and no endpoints, so every request fails");
  if (location === "MESH_INTERNAL" && (resolution === undefined || resolution === "NONE"))
    warnings.push(
      "spec.location is MESH_INTERNAL, but with resolution NONE nobody says who answers: calls are in plaintext unless a DestinationRule says ISTIO_MUTUAL and spec.subjectAltNames whom to expect",
    );
  if (
    isByName(spec) &&
    endpoints.length === 0 &&
    workloadSelector === undefined &&
    hosts.length > 1
  )
    warnings.push(
      `spec has several hosts and no endpoints: all of them lead to what ${hosts[0]} resolves to`,
    );
  return warnings;
}
