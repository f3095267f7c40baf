import Type, { type Static } from "typebox";
import { choice, list, map, object, optional, portNumber, text } from "../schema/fields.ts";
import { workloadAddressSchema } from "../workload-entry/schema.ts";

const protocols = [
  "HTTP",
  "HTTP2",
  "GRPC",
  "GRPC-WEB",
  "HTTPS",
  "TLS",
  "TCP",
  "MONGO",
  "MYSQL",
  "REDIS",
] as const;

const port = object(
  {
    number: portNumber("Port that clients call."),
    name: text("Name, unique in the entry."),
    protocol: optional(
      choice(
        [...protocols, ...protocols.map((name) => name.toLowerCase() as Lowercase<typeof name>)],
        "What is spoken on the port; unless written, the first bytes of each connection tell.",
        { refused: { UDP: "only TCP is carried" } },
      ),
    ),
    targetPort: optional(portNumber("Port of the endpoints; as number unless written.")),
  },
  "A port of the service.",
);

export const serviceEntrySpecSchema = object(
  {
    hosts: list(Type.String(), "Names of the service.", { minItems: 1, maxItems: 256 }),
    addresses: optional(list(Type.String(), "IP addresses that also name the service.")),
    ports: list(port, "Ports of the service.", { minItems: 1 }),
    location: optional(
      choice(
        ["MESH_EXTERNAL", "MESH_INTERNAL"],
        "Whether the endpoints belong to the mesh and speak its mutual TLS; MESH_EXTERNAL unless written.",
      ),
    ),
    resolution: optional(
      choice(
        ["NONE", "STATIC", "DNS", "DNS_ROUND_ROBIN"],
        "NONE (unless written): wherever the request says; STATIC: the endpoints; DNS: every address that the names resolve to; DNS_ROUND_ROBIN: each name is one endpoint, and a connection goes to whichever of its addresses answers.",
        {
          refused: {
            DYNAMIC_DNS: "names are not resolved request by request yet",
          },
        },
      ),
    ),
    endpoints: optional(list(workloadAddressSchema, "Endpoints of the service.")),
    workloadSelector: optional(
      object(
        { labels: optional(map(Type.String(), "Labels of the workloads.")) },
        "Workloads of the same namespace that are the endpoints.",
      ),
    ),
    exportTo: optional(
      list(
        Type.String(),
        "Namespaces that see the service: . the own one, * all (default), or names.",
      ),
    ),
    subjectAltNames: optional(
      list(Type.String(), "SPIFFE IDs that the certificate of an endpoint may also carry."),
    ),
  },
  "A service that is not a Service: outside the mesh, or inside on machines of its own.",
);

export type ServiceEntrySpec = Static<typeof serviceEntrySpecSchema>;
