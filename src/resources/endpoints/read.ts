import type {
  EndpointGroup,
  ServiceEndpoints,
  SliceEndpoint,
} from "../endpoint-slice/endpoint-slice.ts";
import { identityOf } from "../identity.ts";
import type { Resource } from "../resource.ts";
import type { EndpointsFields } from "./kind.ts";

type Group = NonNullable<EndpointsFields["subsets"]>[number];
type Address = NonNullable<Group["addresses"]>[number];

export function readEndpoints(resource: Resource): ServiceEndpoints {
  const object = identityOf(resource);
  const { subsets = [] } = resource as unknown as EndpointsFields;
  return { object, service: object.name, groups: subsets.map(readGroup) };
}

function readGroup({ addresses = [], notReadyAddresses = [], ports = [] }: Group): EndpointGroup {
  return {
    ports: ports
      .filter(({ protocol = "TCP" }) => protocol === "TCP")
      .map(({ name = "", port }) => ({ name, port })),
    endpoints: [
      ...addresses.map((address) => readAddress(address, true)),
      ...notReadyAddresses.map((address) => readAddress(address, false)),
    ],
  };
}

function readAddress({ ip, targetRef }: Address, ready: boolean): SliceEndpoint {
  const { kind, name } = targetRef ?? {};
  return {
    address: ip,
    ready,
    serving: ready,
    terminating: false,
    ...(kind && name ? { target: { kind, name } } : {}),
  };
}
