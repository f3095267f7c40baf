import type { Endpoint } from "#config/endpoint.ts";
import { hasLabels } from "../mesh/labels.ts";
import type { ServiceEndpointsByPort } from "../mesh/service-endpoints.ts";
import type { DestinationSettings } from "./destination-rule-lookup.ts";

/** The endpoints that a subset asks for by their labels; without a subset all. */
export function endpointsOfSubset(
  endpoints: ServiceEndpointsByPort,
  settings: DestinationSettings,
  port: number,
  subset: string | undefined,
): readonly Endpoint[] {
  const wanted = settings.subsets.find(({ value }) => value.name === subset)?.value.labels ?? {};
  return (endpoints.get(port) ?? [])
    .filter(({ labels }) => hasLabels(labels, wanted))
    .map(({ endpoint }) => endpoint);
}
