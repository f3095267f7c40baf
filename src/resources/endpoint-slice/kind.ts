import Type, { type Static } from "typebox";
import type { Issue } from "#core/issue.ts";
import { defineKind } from "../define-kind.ts";
import type { Resource } from "../resource.ts";
import { bool, choice, list, map, object, optional, portNumber, text } from "../schema/fields.ts";
import { ipVersion } from "../schema/ip.ts";
import { objectReferenceSchema } from "../schema/references.ts";

const atomic = { "x-kubernetes-list-type": "atomic" };
const named = (description: string) => object({ name: text("Its name.") }, description);

const endpoint = object(
  {
    addresses: list(Type.String(), "Addresses of one and the same endpoint.", {
      "x-kubernetes-list-type": "set",
      minItems: 1,
      maxItems: 100,
    }),
    conditions: optional(
      object(
        {
          ready: optional(bool("It takes new requests; yes unless written.")),
          serving: optional(bool("It answers, perhaps while it ends.")),
          terminating: optional(bool("It is ending.")),
        },
        "State of the endpoint.",
      ),
    ),
    hostname: optional(text("Host name of the endpoint.")),
    nodeName: optional(text("Node that it runs on.")),
    zone: optional(text("Zone that it runs in.")),
    targetRef: optional(objectReferenceSchema("The object behind the endpoint.")),
    hints: optional(
      object(
        {
          forNodes: optional(list(named("A node."), "Nodes that should use it.", atomic)),
          forZones: optional(list(named("A zone."), "Zones that should use it.", atomic)),
        },
        "Who should use it.",
      ),
    ),
    deprecatedTopology: optional(map(Type.String(), "Only to keep what older versions wrote.")),
  },
  "One endpoint.",
);

const slicePort = object(
  {
    name: optional(text("Name of the service's port.")),
    port: optional(portNumber("Port of the endpoints.")),
    protocol: optional(choice(["TCP", "UDP", "SCTP"], "Transport of the port.")),
    appProtocol: optional(text("What is spoken on the port.")),
  },
  "A port of every endpoint of the slice.",
);

const properties = {
  addressType: choice(["IPv4", "IPv6", "FQDN"], "Kind of the addresses. Cannot be changed."),
  endpoints: list(endpoint, "The endpoints.", { ...atomic, maxItems: 1000 }),
  ports: optional(list(slicePort, "Ports of every endpoint.", { ...atomic, maxItems: 100 })),
};

const _slice = Type.Object(properties);
export type EndpointSliceFields = Static<typeof _slice>;

export const endpointSliceKind = defineKind({
  group: "discovery.k8s.io",
  kind: "EndpointSlice",
  plural: "endpointslices",
  shortNames: [],
  categories: [],
  namespaced: true,
  versions: ["v1"],
  description:
    "Some of the endpoints of a service, which the label kubernetes.io/service-name names.",
  properties,
  hasStatus: false,
  columns: [
    {
      name: "AddressType",
      type: "string",
      description: "Kind of the addresses.",
      priority: 0,
      value: (object) => fieldsOf(object).addressType,
    },
    {
      name: "Ports",
      type: "string",
      description: "Ports of every endpoint.",
      priority: 0,
      value: (object) =>
        shorten((fieldsOf(object).ports ?? []).map(({ port }) => `${port ?? "*"}`)) || "<unset>",
    },
    {
      name: "Endpoints",
      type: "string",
      description: "Addresses.",
      priority: 0,
      value: (object) =>
        shorten(fieldsOf(object).endpoints.flatMap(({ addresses }) => addresses)) || "<unset>",
    },
  ],
  fields: "whole",
  validate: validateSlice,
  defaults: (object) => {
    const { ports } = fieldsOf(object);
    if (ports === undefined) return object;
    return { ...object, ports: ports.map((port) => ({ name: "", protocol: "TCP", ...port })) };
  },
});

function fieldsOf(object: Resource): EndpointSliceFields {
  return object as unknown as EndpointSliceFields;
}

/** The first three, and how many more. */
function shorten(words: readonly string[]): string {
  const first = words.slice(0, 3).join(",");
  return words.length > 3 ? `${first} + ${words.length - 3} more...` : first;
}

function validateSlice(object: Resource): readonly Issue[] {
  const { addressType, endpoints } = fieldsOf(object);
  const expected = { IPv4: 4, IPv6: 6, FQDN: 0 }[addressType];
  return endpoints.flatMap(({ addresses }, i) =>
    addresses.flatMap((address, j): Issue[] =>
      ipVersion(address) === expected
        ? []
        : [
            {
              path: `endpoints[${i}].addresses[${j}]`,
              code: "invalid",
              message: `"${address}" is not of the slice's addressType ${addressType}`,
            },
          ],
    ),
  );
}
