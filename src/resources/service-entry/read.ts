import { protocolOfPort } from "../app-protocol.ts";
import { readExportTo } from "../export-to.ts";
import { identityOf } from "../identity.ts";
import type { Resource } from "../resource.ts";
import { readWorkloadAddress } from "../workload-entry/read.ts";
import type { ServiceEntrySpec } from "./schema.ts";
import type { ServiceEntry } from "./service-entry.ts";

const resolutions = {
  NONE: "none",
  STATIC: "static",
  DNS: "dns",
  DNS_ROUND_ROBIN: "dns-round-robin",
} as const;

export function readServiceEntry(resource: Resource): ServiceEntry {
  const object = identityOf(resource);
  const spec = resource.spec as ServiceEntrySpec;
  return {
    object,
    hosts: spec.hosts.map((host) => host.toLowerCase().replace(/\.$/, "")),
    addresses: spec.addresses ?? [],
    ports: spec.ports.map(({ number, name, protocol, targetPort = number }) => ({
      number,
      name,
      protocol: protocolOfPort({ number, name: protocol ?? "" }),
      targetPort,
    })),
    location: spec.location === "MESH_INTERNAL" ? "mesh-internal" : "mesh-external",
    resolution: resolutions[spec.resolution ?? "NONE"],
    endpoints: (spec.endpoints ?? []).map(readWorkloadAddress),
    ...(spec.workloadSelector ? { workloadSelector: spec.workloadSelector.labels ?? {} } : {}),
    exportTo: readExportTo(spec.exportTo, object.namespace),
    subjectAltNames: spec.subjectAltNames ?? [],
  };
}
