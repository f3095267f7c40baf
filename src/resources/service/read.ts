import type { Static } from "typebox";
import { readExportTo } from "../export-to.ts";
import { identityOf } from "../identity.ts";
import { serviceHost } from "../names.ts";
import type { Resource } from "../resource.ts";
import type { serviceSpecSchema } from "./schema.ts";
import type { Service, ServicePort } from "./service.ts";

export type ServiceSpec = Static<typeof serviceSpecSchema>;
export type ServicePortSpec = NonNullable<ServiceSpec["ports"]>[number];

const exportToAnnotation = "networking.istio.io/exportTo";

export function readService(resource: Resource): Service {
  const object = identityOf(resource);
  const spec = (resource.spec ?? {}) as ServiceSpec;
  const addresses = spec.clusterIPs ?? (spec.clusterIP ? [spec.clusterIP] : []);
  const hasSelector = spec.selector !== undefined && Object.keys(spec.selector).length > 0;
  const exportTo = object.annotations[exportToAnnotation]?.split(",").map((name) => name.trim());
  return {
    object,
    host: serviceHost(object.name, object.namespace),
    type: spec.type ?? "ClusterIP",
    clusterIps: addresses.filter((address) => address !== "None" && address !== ""),
    headless: spec.clusterIP === "None",
    ...(spec.externalName === undefined ? {} : { externalName: spec.externalName }),
    ports: (spec.ports ?? []).map(readPort),
    ...(hasSelector && spec.selector ? { selector: spec.selector } : {}),
    publishNotReadyAddresses: spec.publishNotReadyAddresses ?? false,
    exportTo: readExportTo(exportTo, object.namespace),
  };
}

function readPort(spec: ServicePortSpec): ServicePort {
  return {
    name: spec.name ?? "",
    port: spec.port,
    targetPort: spec.targetPort || spec.port,
    protocol: spec.protocol ?? "TCP",
    ...(spec.appProtocol === undefined ? {} : { appProtocol: spec.appProtocol }),
  };
}
