// The HTTP connection manager of a listener as an Envoy needs it, made from the one that our own proxies get.
import { fromAny, toAny } from "../any.ts";
import { AGENT_CLUSTER } from "../config-source.ts";
import type { Filter } from "../generated/envoy/config/listener/v3/listener_components.ts";
import { OpenTelemetryConfig } from "../generated/envoy/config/trace/v3/opentelemetry.ts";
import { Router } from "../generated/envoy/extensions/filters/http/router/v3/router.ts";
import {
  HttpConnectionManager_ForwardClientCertDetails as ClientCert,
  HttpConnectionManager,
  type HttpFilter,
} from "../generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.ts";
import { BasicAuth } from "../generated/weft/newer/envoy.ts";
import { MANAGER, RBAC_FILTER, toRds, typedFilter } from "../http-connection-manager.ts";
import { accessLogs } from "./access-log.ts";
import type { EnvoyClient } from "./envoy-client.ts";
import { localReplies } from "./local-replies.ts";

const ROUTER = "envoy.extensions.filters.http.router.v3.Router";
const BASIC_AUTH = "envoy.extensions.filters.http.basic_auth.v3.BasicAuth";
const OPEN_TELEMETRY = "envoy.config.trace.v3.OpenTelemetryConfig";
const ROUTER_FILTER = "envoy.filters.http.router";
const PERCENT_OF_TRACES_RECORDED = 0;

export interface ManagerEdits {
  readonly direction: "inbound" | "outbound";
  /** Before those that are there already. */
  readonly filters?: readonly HttpFilter[];
  /** Name of another route configuration. */
  readonly routes?: string;
  readonly acceptsConnect?: boolean;
}

/** Edits the connection manager among the filters of a chain; other filters stay as they are. */
export function adaptFilters(
  filters: readonly Filter[],
  edits: ManagerEdits,
  client: EnvoyClient,
): Filter[] {
  return filters.map((filter) => {
    const config = filter.configType;
    const manager =
      config?.$case === "typedConfig"
        ? fromAny(MANAGER, HttpConnectionManager, config.value)
        : undefined;
    if (manager === undefined) return filter;
    const value = toAny(MANAGER, HttpConnectionManager, adapt(manager, edits, client));
    return { ...filter, configType: { $case: "typedConfig", value } };
  });
}

function adapt(
  manager: HttpConnectionManager,
  { direction, filters = [], routes, acceptsConnect }: ManagerEdits,
  client: EnvoyClient,
): HttpConnectionManager {
  const { workload } = client;
  return {
    ...manager,
    routeSpecifier: adaptSpecifier(manager.routeSpecifier, routes),
    httpFilters: [...filters, ...manager.httpFilters.filter(isNoPolicy).map(quietRouter)],
    accessLog: accessLogs(direction, client),
    localReplyConfig: localReplies(`${workload.name}/${direction}`),
    tracing: tracing(workload.app),
    // What a caller sent stays: fields are added only where our own proxies add them (docs/reference/headers.md).
    useRemoteAddress: false,
    skipXffAppend: true,
    preserveExternalRequestId: true,
    forwardClientCertDetails:
      direction === "inbound" ? ClientCert.SANITIZE_SET : ClientCert.SANITIZE,
    setCurrentClientCertDetails:
      direction === "inbound"
        ? { subject: true, cert: false, chain: false, dns: false, uri: true }
        : undefined,
    stripTrailingHostDot: true,
    upgradeConfigs: [
      { upgradeType: "websocket", filters: [], enabled: undefined },
      ...(acceptsConnect === true
        ? [{ upgradeType: "CONNECT", filters: [], enabled: undefined }]
        : []),
    ],
  };
}

/** Routes come on the stream, by this name or the one that is there. */
function adaptSpecifier(
  specifier: HttpConnectionManager["routeSpecifier"],
  routes: string | undefined,
): HttpConnectionManager["routeSpecifier"] {
  const named = specifier?.$case === "rds" ? specifier.value.routeConfigName : "";
  return toRds(routes ?? named);
}

/** Policies are in places of their own (policies.ts). */
function isNoPolicy({ configType }: HttpFilter): boolean {
  return (
    configType?.$case !== "typedConfig" || !configType.value.typeUrl.endsWith(`/${RBAC_FILTER}`)
  );
}

/** Without Envoy's own header fields. */
function quietRouter(filter: HttpFilter): HttpFilter {
  if (filter.name !== ROUTER_FILTER) return filter;
  const value = toAny(ROUTER, Router, Router.fromPartial({ suppressEnvoyHeaders: true }));
  return { ...filter, configType: { $case: "typedConfig", value } };
}

/** Makes and passes on `traceparent`; no span leaves this Envoy. */
function tracing(serviceName: string): HttpConnectionManager["tracing"] {
  const never = { value: PERCENT_OF_TRACES_RECORDED };
  return {
    clientSampling: undefined,
    randomSampling: never,
    overallSampling: undefined,
    verbose: false,
    maxPathTagLength: undefined,
    customTags: [],
    provider: {
      name: "envoy.tracers.opentelemetry",
      configType: {
        $case: "typedConfig",
        value: toAny(
          OPEN_TELEMETRY,
          OpenTelemetryConfig,
          OpenTelemetryConfig.fromPartial({ serviceName, grpcService: nowhere() }),
        ),
      },
    },
    spawnUpstreamSpan: undefined,
  };
}

/** Envoy wants to know where spans would go, although none does: to the agent, which knows no such call. */
function nowhere() {
  return {
    targetSpecifier: { $case: "envoyGrpc", value: { clusterName: AGENT_CLUSTER } },
  } as const;
}

/** The secret of the run, by name and password, from a file in Apache's format that only this Envoy's user can read. */
export function proxyAuthorization(filename: string): HttpFilter {
  const value = BasicAuth.fromPartial({
    users: { specifier: { $case: "filename", value: filename } },
    authenticationHeader: "Proxy-Authorization",
  });
  return typedFilter("envoy.filters.http.basic_auth", toAny(BASIC_AUTH, BasicAuth, value));
}
