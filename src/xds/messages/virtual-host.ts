import type { RouteConfiguration, VirtualHost } from "#config/route.ts";
import { adsSource } from "./config-source.ts";
import { fromConnectionText, toConnectionText } from "./connection-routes.ts";
import { RouteConfiguration as RouteConfigurationMessage } from "./generated/envoy/config/route/v3/route.ts";
import { VirtualHost as VirtualHostMessage } from "./generated/envoy/config/route/v3/route_components.ts";
import { fromMetadata, fromOrigins, toMetadata, toOrigins } from "./metadata.ts";
import { fromRoute, toRoute } from "./route.ts";

/** Envoy's own limit for the body of a direct response is 4 KiB; Istio's users write longer ones. */
const DIRECT_RESPONSE_BODY_MAX_BYTES = 1024 * 1024;

export function toVirtualHost(host: VirtualHost): VirtualHostMessage {
  return {
    ...VirtualHostMessage.create(),
    name: host.name,
    domains: [...host.domains],
    routes: host.routes.map(toRoute),
    metadata: toMetadata({
      connections: host.connections && toConnectionText(host.connections),
      origins: toOrigins(host.origins),
    }),
  };
}

export function fromVirtualHost(message: VirtualHostMessage, at = ""): VirtualHost {
  const ours = fromMetadata(message.metadata);
  return {
    name: message.name,
    domains: message.domains,
    routes: message.routes.map((route, i) => fromRoute(route, `${at}routes[${i}]`)),
    ...(ours.connections !== undefined && { connections: fromConnectionText(ours.connections) }),
    origins: fromOrigins(ours.origins),
  };
}

export function toRouteConfiguration(routes: RouteConfiguration): RouteConfigurationMessage {
  return {
    ...RouteConfigurationMessage.create(),
    name: routes.name,
    virtualHosts: routes.virtualHosts.map(toVirtualHost),
    vhds: routes.vhds ? { configSource: adsSource() } : undefined,
    maxDirectResponseBodySizeBytes: DIRECT_RESPONSE_BODY_MAX_BYTES,
  };
}

export function fromRouteConfiguration(message: RouteConfigurationMessage): RouteConfiguration {
  return {
    name: message.name,
    vhds: message.vhds !== undefined,
    virtualHosts: message.virtualHosts.map((host, i) =>
      fromVirtualHost(host, `virtual_hosts[${i}].`),
    ),
  };
}
