import Type, { type Static } from "typebox";
import { integer, list, map, object, optional, portNumber, text } from "../schema/fields.ts";
import { destinationSchema } from "./destination.ts";

const refused = { gateways: "gateways come in a later version; rules hold for sidecars" };

const conditions = {
  destinationSubnets: optional(
    list(
      Type.String(),
      "Addresses that were called, as IP addresses or CIDR blocks; a call by name counts as one to the addresses of the service.",
      { minItems: 1 },
    ),
  ),
  port: optional(portNumber("Port that was called.")),
  sourceLabels: optional(map(Type.String(), "Labels of the calling workload.")),
  sourceNamespace: optional(text("Namespace of the calling workload.")),
};

const route = optional(
  list(
    object(
      {
        destination: destinationSchema("Where connections go."),
        weight: optional(
          integer("Share of the connections, relative to the others.", { minimum: 0 }),
        ),
      },
      "One of the destinations that share the connections.",
    ),
    "Destinations that share the connections; required.",
  ),
);

export const tcpRoute = object(
  {
    match: optional(
      list(
        object(conditions, "Conditions that must all hold.", { refused }),
        "Any of these must hold; none: every connection.",
      ),
    ),
    route,
  },
  "One rule for connections that are not HTTP.",
);

export const tlsRoute = object(
  {
    match: list(
      object(
        {
          sniHosts: list(
            Type.String(),
            "Names that the client's first message may ask for: names, or *.suffix; within the hosts of the rules.",
            { minItems: 1 },
          ),
          ...conditions,
        },
        "Conditions that must all hold.",
        { refused },
      ),
      "Any of these must hold.",
      { minItems: 1 },
    ),
    route,
  },
  "One rule for TLS that the application speaks itself: it is passed on unopened.",
);

export type TcpRouteSpec = Static<typeof tcpRoute>;
export type TlsRouteSpec = Static<typeof tlsRoute>;
export type TcpMatchSpec = NonNullable<TcpRouteSpec["match"]>[number];
export type TlsMatchSpec = TlsRouteSpec["match"][number];
