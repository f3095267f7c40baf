import type { Origin } from "#config/origin.ts";
import { type AppProtocol, protocolOfPort } from "#resources/app-protocol.ts";
import type { ExportTo } from "#resources/export-to.ts";
import type { ObjectIdentity } from "#resources/identity.ts";
import type { LabelSet } from "#resources/matching.ts";
import type { Service } from "#resources/service/service.ts";
import type { ServiceEntry } from "#resources/service-entry/service-entry.ts";
import type { WorkloadAddress } from "#resources/workload-entry/workload-entry.ts";
import { originOf } from "../origin-of.ts";
import { labelKeys } from "./labels.ts";

/** One host that clients may call, as one object (Service or ServiceEntry) declares it: the common words of both. */
export interface DeclaredService {
  readonly object: ObjectIdentity;
  readonly origin: Origin;
  /** Lower case; may begin with `*.`. */
  readonly host: string;
  /** Name of the service in metrics: the Service's, or the host of a ServiceEntry. */
  readonly name: string;
  readonly ports: readonly DeclaredPort[];
  /** IP addresses that also name it in an authority. */
  readonly addresses: readonly string[];
  readonly exportTo: ExportTo;
  readonly isExternal: boolean;
  readonly resolution: "endpoints" | "dns" | "passthrough";
  /** Of `dns`: each name is one endpoint, whatever it resolves to. */
  readonly isLogical?: true;
  /** WorkloadEntries of the same namespace that are its endpoints. */
  readonly selector?: LabelSet;
  /** Keys of the index of workloads by label. */
  readonly selectorKeys: readonly string[];
  /** Endpoints (or names to resolve) that it lists itself. */
  readonly listed: readonly WorkloadAddress[];
  readonly usesNotReady: boolean;
  readonly subjectAltNames: readonly string[];
}

export interface DeclaredPort {
  readonly number: number;
  readonly name: string;
  /** A number, or the name of a port of the workload. */
  readonly targetPort: number | string;
  /** What is spoken on it, as far as it is declared. */
  readonly protocol: AppProtocol;
}

export function declareService(service: Service): readonly DeclaredService[] {
  const external = service.type === "ExternalName" ? service.externalName : undefined;
  const alias = { ports: {}, labels: {}, weight: 1 };
  return [
    {
      object: service.object,
      origin: originOf(service.object),
      host: service.host,
      name: service.object.name,
      ports: service.ports
        .filter(({ protocol }) => protocol === "TCP")
        .map(({ port, name, targetPort, appProtocol }) => ({
          number: port,
          name,
          targetPort: external === undefined ? targetPort : port,
          protocol: protocolOfPort({
            number: port,
            name,
            ...(appProtocol !== undefined && { appProtocol }),
          }),
        })),
      addresses: service.clusterIps,
      exportTo: service.exportTo,
      isExternal: external !== undefined,
      resolution: external === undefined ? "endpoints" : "dns",
      ...selection(service.object, service.selector),
      listed: external === undefined ? [] : [{ ...alias, address: external }],
      usesNotReady: service.publishNotReadyAddresses,
      subjectAltNames: [],
    },
  ];
}

const resolutions = {
  none: "passthrough",
  static: "endpoints",
  dns: "dns",
  "dns-round-robin": "dns",
} as const;

export function declareServiceEntry(entry: ServiceEntry): readonly DeclaredService[] {
  return entry.hosts.map((host, at) => ({
    object: entry.object,
    origin: originOf(entry.object),
    host,
    name: host,
    ports: entry.ports.map(({ number, name, targetPort, protocol }) => ({
      number,
      name,
      targetPort,
      protocol,
    })),
    // An address can stand for one host only.
    addresses: at === 0 ? entry.addresses.filter((address) => !address.includes("/")) : [],
    exportTo: entry.exportTo,
    isExternal: entry.location === "mesh-external",
    resolution: resolutions[entry.resolution],
    ...(entry.resolution === "dns-round-robin" && { isLogical: true }),
    ...selection(entry.object, entry.workloadSelector),
    listed: resolvesItself(entry) ? [selfNamed(entry)] : entry.endpoints,
    usesNotReady: false,
    subjectAltNames: entry.subjectAltNames,
  }));
}

function selection(
  { namespace }: ObjectIdentity,
  selector: LabelSet | undefined,
): Pick<DeclaredService, "selector" | "selectorKeys"> {
  if (selector === undefined) return { selectorKeys: [] };
  return { selector, selectorKeys: labelKeys(namespace, selector) };
}

function resolvesItself(entry: ServiceEntry): boolean {
  return (
    resolutions[entry.resolution] === "dns" &&
    entry.endpoints.length === 0 &&
    entry.workloadSelector === undefined
  );
}

function selfNamed(entry: ServiceEntry): WorkloadAddress {
  return { address: entry.hosts[0] ?? "", ports: {}, labels: {}, weight: 1 };
}
