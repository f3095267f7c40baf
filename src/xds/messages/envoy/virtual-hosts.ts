import type { VirtualHost } from "#config/route.ts";
import { proxyFailures } from "#core/errors/proxy-failures.ts";
import {
  Route as RouteMessage,
  type VirtualHost as VirtualHostMessage,
} from "../generated/envoy/config/route/v3/route_components.ts";
import { toHeadersToAdd } from "../header-edits.ts";
import { toVirtualHost } from "../virtual-host.ts";
import { adaptRoute, withAuthority } from "./adapt-route.ts";
import { INSIDE_CONNECT, PASSTHROUGH } from "./envoy-client.ts";
import { outsideMeshHost } from "./outside-mesh.ts";

/** A host of the mesh as the HTTP proxy's port has it; CONNECT to it is taken apart. */
export function toMeshHost(host: VirtualHost, domains: readonly string[]): VirtualHostMessage {
  const message = toVirtualHost({ ...host, domains, routes: host.routes.map(adaptRoute) });
  return { ...message, routes: [connectTo(INSIDE_CONNECT), ...message.routes] };
}

/** The only host of a port that leads to one destination, whatever the request says. */
export function toOnlyHost(host: VirtualHost, authority: string): VirtualHostMessage {
  const routes = host.routes.map((route) => withAuthority(adaptRoute(route), authority));
  return toVirtualHost({ ...host, domains: ["*"], routes });
}

/** An inbound listener's own hosts. */
export function toInboundHost(host: VirtualHost): VirtualHost {
  return { ...host, routes: host.routes.map(adaptRoute) };
}

/** Whoever asks for a host that no other claims. `by`: who refuses; `authority`: goes there, whatever the request says. */
export function toUnknownHosts(
  unknownHosts: "passthrough" | "refuse",
  by: string,
  authority?: string,
): VirtualHostMessage {
  const message = toVirtualHost({ name: "unknown-hosts", domains: ["*"], routes: [], origins: {} });
  const routes =
    unknownHosts === "passthrough"
      ? [connectTo(PASSTHROUGH), forwardOutside(authority)]
      : [refusal(by)];
  return { ...message, routes };
}

function connectTo(cluster: string): RouteMessage {
  return RouteMessage.fromPartial({
    match: { pathSpecifier: { $case: "connectMatcher", value: {} } },
    action: {
      $case: "route",
      value: {
        clusterSpecifier: { $case: "cluster", value: cluster },
        timeout: { seconds: 0, nanos: 0 },
        upgradeConfigs: [{ upgradeType: "CONNECT", connectConfig: {} }],
      },
    },
  });
}

function forwardOutside(authority: string | undefined): RouteMessage {
  const message = RouteMessage.fromPartial({
    name: "allow_any",
    match: { pathSpecifier: { $case: "prefix", value: "/" } },
    action: {
      $case: "route",
      value: {
        clusterSpecifier: { $case: "cluster", value: PASSTHROUGH },
        timeout: { seconds: 0, nanos: 0 },
      },
    },
  });
  return authority === undefined
    ? message
    : { ...message, typedPerFilterConfig: outsideMeshHost(authority) };
}

function refusal(by: string): RouteMessage {
  const { status, summary, next } = proxyFailures["unknown-host"];
  const error = `unknown-host; by=${by}; id=none`;
  return {
    ...RouteMessage.fromPartial({
      match: { pathSpecifier: { $case: "prefix", value: "" } },
      action: {
        $case: "directResponse",
        value: {
          status,
          body: { specifier: { $case: "inlineString", value: `${summary}\nNext: ${next}\n` } },
        },
      },
    }),
    responseHeadersToAdd: toHeadersToAdd({ set: [["weft-error", error]], add: [], remove: [] }),
  };
}
