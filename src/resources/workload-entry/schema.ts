import Type, { type Static } from "typebox";
import { integer, map, object, optional, portNumber, text } from "../schema/fields.ts";

/** The spec of a WorkloadEntry, and an endpoint of a ServiceEntry. */
export const workloadAddressSchema = object(
  {
    address: text(
      "IP address; a DNS name where the service resolves by DNS; unix:///path in a ServiceEntry with resolution STATIC.",
      { minLength: 1 },
    ),
    ports: optional(
      map(portNumber("A port."), "Ports of the application, by name of the service's port."),
    ),
    labels: optional(map(Type.String(), "Labels of the workload.")),
    weight: optional(
      integer("Share of the requests, relative to the others; 1 unless written.", { minimum: 1 }),
    ),
    serviceAccount: optional(
      text(
        "Account that the certificate of the workload names; default unless written. Mutual TLS is expected of a workload of a Weft proxy, and of one with the label security.istio.io/tlsMode: istio.",
      ),
    ),
  },
  "Where one workload answers, and who it is.",
  {
    refused: {
      locality: "endpoints have no localities yet",
      network: "all workloads are in one network yet",
    },
  },
);

export type WorkloadAddressSpec = Static<typeof workloadAddressSchema>;
