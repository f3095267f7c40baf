import { Buffer } from "node:buffer";
import type { InboundListener } from "#config/listener.ts";
import { RouteConfiguration } from "../generated/envoy/config/route/v3/route.ts";
import { VirtualHost as VirtualHostMessage } from "../generated/envoy/config/route/v3/route_components.ts";
import { toRouteConfiguration } from "../virtual-host.ts";
import { policiesPerRoute } from "./policies.ts";
import { toInboundHost } from "./virtual-hosts.ts";

const HOSTS_FIELD = 2;
const LENGTH_DELIMITED = 2;

/**
 * A route configuration from hosts that are encoded already: with ten thousand of them, a change of one costs the
 * encoding of one.
 */
export function encodeRoutes(name: string, hosts: readonly Uint8Array[]): Uint8Array {
  const head = RouteConfiguration.encode({
    ...toRouteConfiguration({ name, vhds: false, virtualHosts: [] }),
    // It is the secret of the run, and for this proxy alone.
    requestHeadersToRemove: ["proxy-authorization"],
  }).finish();
  const parts = hosts.flatMap((host) => [fieldHead(host.length), host]);
  return Buffer.concat([head, ...parts]);
}

/** Of an inbound listener, with its policies. */
export function encodeInboundRoutes(listener: InboundListener): Uint8Array {
  const { name, routes, authorization, workloadPort } = listener;
  const typedPerFilterConfig = policiesPerRoute(authorization, workloadPort);
  const message = toRouteConfiguration({
    name,
    vhds: false,
    virtualHosts: routes.virtualHosts.map(toInboundHost),
  });
  return RouteConfiguration.encode({
    ...message,
    virtualHosts: message.virtualHosts.map((host) => ({ ...host, typedPerFilterConfig })),
    // What callers tell the proxy of themselves is not for the application.
    requestHeadersToRemove: ["weft-peer"],
  }).finish();
}

export function encodeHost(host: VirtualHostMessage): Uint8Array {
  return VirtualHostMessage.encode(host).finish();
}

function fieldHead(length: number): Uint8Array {
  const bytes = [(HOSTS_FIELD << 3) | LENGTH_DELIMITED];
  let rest = length;
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}
