import Type, { type Static } from "typebox";
import type { Issue } from "#core/issue.ts";
import { defineKind } from "../define-kind.ts";
import type { Resource } from "../resource.ts";
import { choice, list, object, optional, portNumber, text } from "../schema/fields.ts";
import { isIP } from "../schema/ip.ts";
import { objectReferenceSchema } from "../schema/references.ts";

const atomic = { "x-kubernetes-list-type": "atomic" };

const address = object(
  {
    ip: text("IP address of the endpoint."),
    hostname: optional(text("Host name of the endpoint.")),
    nodeName: optional(text("Node that it runs on.")),
    targetRef: optional(objectReferenceSchema("The object behind the endpoint.")),
  },
  "Address of one endpoint.",
  { "x-kubernetes-map-type": "atomic" },
);

const endpointPort = object(
  {
    name: optional(text("Name of the service's port.")),
    port: portNumber("Port of the endpoints."),
    protocol: optional(choice(["TCP", "UDP", "SCTP"], "Transport of the port.")),
    appProtocol: optional(text("What is spoken on the port.")),
  },
  "A port of every address of the group.",
  { "x-kubernetes-map-type": "atomic" },
);

const subset = object(
  {
    addresses: optional(list(address, "Endpoints that take requests.", atomic)),
    notReadyAddresses: optional(list(address, "Endpoints that do not take requests.", atomic)),
    ports: optional(list(endpointPort, "Ports of all these addresses.", atomic)),
  },
  "Addresses that share their ports.",
);

const properties = { subsets: optional(list(subset, "Groups of endpoints.", atomic)) };

const _endpoints = Type.Object(properties);
export type EndpointsFields = Static<typeof _endpoints>;

export const endpointsKind = defineKind({
  group: "",
  kind: "Endpoints",
  plural: "endpoints",
  shortNames: ["ep"],
  categories: [],
  namespaced: true,
  versions: ["v1"],
  description:
    "The endpoints of the service of the same name, for services without a selector. EndpointSlice says more.",
  properties,
  hasStatus: false,
  columns: [
    {
      name: "Endpoints",
      type: "string",
      description: "Addresses and ports.",
      priority: 0,
      value: addressesAndPorts,
    },
  ],
  fields: "whole",
  validate: validateEndpoints,
  defaults: (object) => {
    const { subsets } = fieldsOf(object);
    if (subsets === undefined) return object;
    return {
      ...object,
      subsets: subsets.map(({ ports, ...group }) =>
        ports ? { ...group, ports: ports.map((port) => ({ protocol: "TCP", ...port })) } : group,
      ),
    };
  },
});

function fieldsOf(object: Resource): EndpointsFields {
  return object as unknown as EndpointsFields;
}

function addressesAndPorts(object: Resource): string {
  const all = (fieldsOf(object).subsets ?? []).flatMap(({ addresses = [], ports = [] }) =>
    addresses.flatMap(({ ip }) =>
      ports.length === 0 ? [ip] : ports.map(({ port }) => `${ip}:${port}`),
    ),
  );
  const first = all.slice(0, 3).join(",");
  if (all.length > 3) return `${first} + ${all.length - 3} more...`;
  return first || "<none>";
}

function validateEndpoints(object: Resource): readonly Issue[] {
  const issues: Issue[] = [];
  for (const [i, group] of (fieldsOf(object).subsets ?? []).entries())
    for (const field of ["addresses", "notReadyAddresses"] as const)
      for (const [j, { ip }] of (group[field] ?? []).entries())
        if (!isIP(ip))
          issues.push({
            path: `subsets[${i}].${field}[${j}].ip`,
            code: "invalid",
            message: `"${ip}" is not an IP address`,
          });
  return issues;
}
