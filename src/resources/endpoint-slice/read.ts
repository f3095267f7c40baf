import { identityOf } from "../identity.ts";
import type { Resource } from "../resource.ts";
import type { ServiceEndpoints, SliceEndpoint } from "./endpoint-slice.ts";
import type { EndpointSliceFields } from "./kind.ts";

const serviceNameLabel = "kubernetes.io/service-name";

export function readEndpointSlice(resource: Resource): ServiceEndpoints {
  const object = identityOf(resource);
  const { endpoints, ports = [] } = resource as unknown as EndpointSliceFields;
  const readPorts = ports.flatMap(({ name = "", port, protocol = "TCP" }) =>
    port !== undefined && protocol === "TCP" ? [{ name, port }] : [],
  );
  return {
    object,
    service: object.labels[serviceNameLabel] ?? "",
    groups: [{ ports: readPorts, endpoints: endpoints.flatMap(readEndpoint) }],
  };
}

type EndpointSpec = EndpointSliceFields["endpoints"][number];

function readEndpoint({ addresses, conditions = {}, targetRef }: EndpointSpec): SliceEndpoint[] {
  const [address] = addresses; // further addresses are the same endpoint again
  if (address === undefined) return [];
  const ready = conditions.ready ?? true;
  const { kind, name } = targetRef ?? {};
  return [
    {
      address,
      ready,
      serving: conditions.serving ?? ready,
      terminating: conditions.terminating ?? false,
      ...(kind && name ? { target: { kind, name } } : {}),
    },
  ];
}
