import { defineKind } from "../define-kind.ts";
import type { Column } from "../kind.ts";
import type { Resource } from "../resource.ts";
import { optional } from "../schema/fields.ts";
import { withServiceDefaults } from "./defaults.ts";
import type { ServiceSpec } from "./read.ts";
import { serviceSpecSchema, serviceStatusSchema } from "./schema.ts";
import { validateService } from "./validate.ts";

const specOf = (object: Resource): ServiceSpec => (object.spec ?? {}) as ServiceSpec;

const columns: readonly Column[] = [
  {
    name: "Type",
    type: "string",
    description: "How the service is reached.",
    priority: 0,
    value: (object) => specOf(object).type,
  },
  {
    name: "Cluster-IP",
    type: "string",
    description: "Address of the service.",
    priority: 0,
    value: (object) => specOf(object).clusterIP || "<none>",
  },
  {
    name: "External-IP",
    type: "string",
    description: "Addresses from outside.",
    priority: 0,
    value: externalAddress,
  },
  {
    name: "Port(s)",
    type: "string",
    description: "Ports that clients call.",
    priority: 0,
    value: (object) =>
      (specOf(object).ports ?? [])
        .map(({ port, nodePort, protocol }) =>
          nodePort ? `${port}:${nodePort}/${protocol ?? "TCP"}` : `${port}/${protocol ?? "TCP"}`,
        )
        .join(",") || "<none>",
  },
  {
    name: "Selector",
    type: "string",
    description: "Labels of the workloads behind the service.",
    priority: 1,
    value: (object) =>
      Object.entries(specOf(object).selector ?? {})
        .map(([key, value]) => `${key}=${value}`)
        .join(",") || "<none>",
  },
];

function externalAddress(object: Resource): string {
  const { type, externalName, externalIPs = [] } = specOf(object);
  if (type === "ExternalName") return externalName ?? "<none>";
  const status = object.status as
    | { loadBalancer?: { ingress?: { ip?: string; hostname?: string }[] } }
    | undefined;
  const balanced = (status?.loadBalancer?.ingress ?? []).flatMap(
    ({ ip, hostname }) => ip ?? hostname ?? [],
  );
  const none = type === "LoadBalancer" ? "<pending>" : "<none>";
  return [...balanced, ...externalIPs].join(",") || none;
}

export const serviceKind = defineKind({
  group: "",
  kind: "Service",
  plural: "services",
  shortNames: ["svc"],
  categories: ["all"],
  namespaced: true,
  versions: ["v1"],
  description: "A name for workloads that answer alike, and the ports they answer on.",
  properties: { spec: optional(serviceSpecSchema), status: optional(serviceStatusSchema) },
  hasStatus: true,
  columns,
  fields: "whole",
  names: "service",
  validate: validateService,
  defaults: withServiceDefaults,
});
