import type {
  HttpSettings,
  InboundListener,
  Listener,
  OutboundListener,
} from "#config/listener.ts";
import { XdsError } from "../xds-error.ts";
import { fromAddress, toAddress } from "./address.ts";
import { emptyAny } from "./any.ts";
import { TrafficDirection } from "./generated/envoy/config/core/v3/base.ts";
import { Listener as ListenerMessage } from "./generated/envoy/config/listener/v3/listener.ts";
import {
  FilterChain,
  FilterChainMatch,
  type ListenerFilter,
} from "./generated/envoy/config/listener/v3/listener_components.ts";
import type { HttpConnectionManager } from "./generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.ts";
import {
  fromManager,
  fromNormalization,
  fromPolicies,
  fromRdsName,
  toManager,
  toPolicyFilters,
  toPolicyNotes,
  toRds,
} from "./http-connection-manager.ts";
import {
  asNumber,
  asString,
  asStrings,
  fromMetadata,
  fromOrigins,
  toMetadata,
  toOrigins,
} from "./metadata.ts";
import { downstreamTls, meshAlpn } from "./tls-context.ts";
import { fromRouteConfiguration, toRouteConfiguration } from "./virtual-host.ts";

const TLS_INSPECTOR = "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector";

export function toListener(listener: Listener): ListenerMessage {
  return listener.kind === "inbound" ? toInbound(listener) : toOutbound(listener);
}

/** Throws XdsError `unsupported` for a listener that is neither of ours. */
export function fromListener(message: ListenerMessage): Listener {
  const manager = fromManager(message.filterChains[0]?.filters[0]);
  if (manager === undefined)
    throw new XdsError(
      "unsupported",
      "filter_chains[0].filters[0]: only an HTTP connection manager is supported here",
    );
  if (message.trafficDirection === TrafficDirection.INBOUND) return fromInbound(message, manager);
  return fromOutbound(message, manager);
}

function toInbound(listener: InboundListener): ListenerMessage {
  const { http, mtls, workloadPort, authorization, origins } = listener;
  return {
    ...ListenerMessage.create(),
    name: listener.name,
    address: toAddress(listener.address),
    trafficDirection: TrafficDirection.INBOUND,
    listenerFilters: mtls === "disable" ? [] : [tlsInspector()],
    filterChains: toChains(listener),
    metadata: toMetadata({
      workloadPort,
      content: listener.content,
      searchDomains: toDomains(http),
      origins: toOrigins(origins),
      policies: toPolicyNotes(authorization),
    }),
  };
}

/** One chain per transport that the mode accepts; both lead to the same HTTP. */
function toChains(listener: InboundListener): FilterChain[] {
  const { name, http, mtls, workloadPort, authorization } = listener;
  const filters = [
    toManager({
      statPrefix: name,
      normalization: http.pathNormalization,
      routes: { $case: "routeConfig", value: toRouteConfiguration(listener.routes) },
      filters: toPolicyFilters(authorization, workloadPort),
    }),
  ];
  const mutual: FilterChain = {
    ...FilterChain.create(),
    name: "mutual-tls",
    filterChainMatch: FilterChainMatch.fromPartial({
      transportProtocol: "tls",
      // Beside plaintext, TLS of the application itself must not be taken for ours.
      applicationProtocols: mtls === "permissive" ? [...meshAlpn] : [],
    }),
    transportSocket: downstreamTls(),
    filters,
  };
  const plain: FilterChain = { ...FilterChain.create(), name: "plaintext", filters };
  if (mtls === "disable") return [plain];
  if (mtls === "strict") return [mutual];
  return [
    mutual,
    {
      ...plain,
      filterChainMatch: FilterChainMatch.fromPartial({ transportProtocol: "raw_buffer" }),
    },
  ];
}

function fromInbound(message: ListenerMessage, manager: HttpConnectionManager): InboundListener {
  const ours = fromMetadata(message.metadata);
  const specifier = manager.routeSpecifier;
  if (specifier?.$case !== "routeConfig")
    throw new XdsError("unsupported", "an inbound listener has its route_config inline");
  return {
    kind: "inbound",
    name: message.name,
    address: fromAddress(message.address),
    workloadPort: asNumber(ours.workloadPort),
    mtls: fromChains(message.filterChains),
    authorization: fromPolicies(manager, ours.policies),
    ...fromContent(ours.content),
    routes: fromRouteConfiguration(specifier.value),
    http: fromHttp(manager, ours.searchDomains),
    origins: fromOrigins(ours.origins),
  };
}

function fromContent(content: unknown): Pick<InboundListener, "content"> {
  return content === "http" || content === "tcp" || content === "detect" ? { content } : {};
}

function fromChains(chains: readonly FilterChain[]): InboundListener["mtls"] {
  if (chains.length > 1) return "permissive";
  return chains[0]?.transportSocket === undefined ? "disable" : "strict";
}

function toOutbound(listener: OutboundListener): ListenerMessage {
  const { name, http, authority, mode, unknownHosts } = listener;
  const manager = toManager({
    statPrefix: name,
    normalization: http.pathNormalization,
    routes: toRds(listener.routes),
    filters: [],
  });
  return {
    ...ListenerMessage.create(),
    name,
    address: toAddress(listener.address),
    trafficDirection: TrafficDirection.OUTBOUND,
    filterChains: [{ ...FilterChain.create(), filters: [manager] }],
    metadata: toMetadata({
      mode,
      authority,
      unknownHosts,
      searchDomains: toDomains(http),
      origins: toOrigins(listener.origins),
    }),
  };
}

function fromOutbound(message: ListenerMessage, manager: HttpConnectionManager): OutboundListener {
  const ours = fromMetadata(message.metadata);
  return {
    kind: "outbound",
    name: message.name,
    address: fromAddress(message.address),
    mode: ours.mode === "upstream" ? "upstream" : "http-proxy",
    ...(ours.authority === undefined ? {} : { authority: asString(ours.authority) }),
    routes: fromRdsName(manager),
    unknownHosts: ours.unknownHosts === "passthrough" ? "passthrough" : "refuse",
    http: fromHttp(manager, ours.searchDomains),
    origins: fromOrigins(ours.origins),
  };
}

function toDomains({ searchDomains }: HttpSettings): readonly string[] | undefined {
  return searchDomains.length === 0 ? undefined : [...searchDomains];
}

function fromHttp(manager: HttpConnectionManager, searchDomains: unknown): HttpSettings {
  return {
    pathNormalization: fromNormalization(manager),
    searchDomains: asStrings(searchDomains),
  };
}

function tlsInspector(): ListenerFilter {
  return {
    name: "envoy.filters.listener.tls_inspector",
    configType: { $case: "typedConfig", value: emptyAny(TLS_INSPECTOR) },
    filterDisabled: undefined,
  };
}
