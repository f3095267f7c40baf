// What Envoy's listeners of the bench do with what they take.
import type { HopOptions } from "./hop.ts";
import { DEFAULT_HOST, entriesOf, exactPath, hostName, prefixPath, type Setup } from "./setup.ts";
import { PROBE } from "./weft-yaml.ts";

export type Json = Readonly<Record<string, unknown>>;

export const typed = (name: string, fields: Json): Json => ({
  "@type": `type.googleapis.com/${name}`,
  ...fields,
});

const HTTP_LOG: Readonly<Record<string, string>> = {
  start_time: "%START_TIME%",
  method: "%REQ(:METHOD)%",
  path: "%REQ(:PATH)%",
  protocol: "%PROTOCOL%",
  response_code: "%RESPONSE_CODE%",
  response_flags: "%RESPONSE_FLAGS%",
  bytes_received: "%BYTES_RECEIVED%",
  bytes_sent: "%BYTES_SENT%",
  duration: "%DURATION%",
  upstream_service_time: "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%",
  request_id: "%REQ(X-REQUEST-ID)%",
  authority: "%REQ(:AUTHORITY)%",
  upstream_host: "%UPSTREAM_HOST%",
  upstream_cluster: "%UPSTREAM_CLUSTER%",
  downstream_remote_address: "%DOWNSTREAM_REMOTE_ADDRESS%",
  route_name: "%ROUTE_NAME%",
};
const TCP_LOG: Readonly<Record<string, string>> = {
  start_time: "%START_TIME%",
  bytes_received: "%BYTES_RECEIVED%",
  bytes_sent: "%BYTES_SENT%",
  duration: "%DURATION%",
  upstream_host: "%UPSTREAM_HOST%",
  downstream_remote_address: "%DOWNSTREAM_REMOTE_ADDRESS%",
};

export function accessLog(path: string, { kind }: Setup): Json {
  const format = { json_format: kind === "tcp" ? TCP_LOG : HTTP_LOG };
  return {
    name: "envoy.access_loggers.file",
    typed_config: typed("envoy.extensions.access_loggers.file.v3.FileAccessLog", {
      path,
      log_format: format,
    }),
  };
}

export function connectionManager(options: HopOptions, log: readonly Json[]): readonly Json[] {
  const manager = typed(
    "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
    {
      stat_prefix: "in",
      codec_type: "AUTO",
      access_log: log,
      route_config: { name: "routes", virtual_hosts: virtualHosts(options.setup) },
      http_filters: [
        httpFilter("rbac", "rbac.v3.RBAC", { rules: rules(options) }),
        httpFilter("fault", "fault.v3.HTTPFault", {}),
        httpFilter("cors", "cors.v3.Cors", {}),
        httpFilter("router", "router.v3.Router", {}),
      ],
    },
  );
  return [{ name: "envoy.filters.network.http_connection_manager", typed_config: manager }];
}

export function tcpProxy(options: HopOptions, log: readonly Json[]): readonly Json[] {
  const proxy = typed("envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy", {
    stat_prefix: "in",
    cluster: "out",
    access_log: log,
  });
  const rbac = typed("envoy.extensions.filters.network.rbac.v3.RBAC", {
    stat_prefix: "in",
    rules: { policies: { callers: { permissions: [{ any: true }], principals: who(options) } } },
  });
  return [
    { name: "envoy.filters.network.rbac", typed_config: rbac },
    { name: "envoy.filters.network.tcp_proxy", typed_config: proxy },
  ];
}

const httpFilter = (name: string, message: string, fields: Json): Json => ({
  name: `envoy.filters.http.${name}`,
  typed_config: typed(`envoy.extensions.filters.http.${message}`, fields),
});

/** One caller where there is a certificate to tell, all methods of the bench, all paths but one. */
function rules(options: HopOptions): Json {
  const method = (exact: string): Json => ({
    header: { name: ":method", string_match: { exact } },
  });
  const forbidden = { url_path: { path: { exact: PROBE.forbidden } } };
  const permissions = [
    {
      and_rules: {
        rules: [{ or_rules: { rules: [method("GET"), method("POST")] } }, { not_rule: forbidden }],
      },
    },
  ];
  return { policies: { callers: { permissions, principals: who(options) } } };
}

function who({ hop }: HopOptions): readonly Json[] {
  if (hop.kind !== "server-side") return [{ any: true }];
  const name = { exact: hop.certificates.client.spiffeId };
  return [{ authenticated: { principal_name: name } }];
}

function virtualHosts(setup: Setup): readonly Json[] {
  const entries = entriesOf(setup);
  if (setup.kind === "hosts")
    return entries.map((index) => ({
      name: hostName(index),
      domains: [hostName(index)],
      routes: [routeTo({ prefix: "/" }, "everybody")],
    }));
  if (setup.kind === "routes") {
    const matchOf = (index: number): Json =>
      setup.match === "exact" ? { path: exactPath(index) } : { prefix: prefixPath(index) };
    const routes = entries.map((index) => routeTo(matchOf(index), `route-${index}`));
    return [{ name: DEFAULT_HOST, domains: [DEFAULT_HOST], routes }];
  }
  return [{ name: "all", domains: ["*"], routes: fewRoutes() }];
}

/** The three of the Weft arm: two that the load does not match, then the one that it does. */
function fewRoutes(): readonly Json[] {
  const canary = { name: "x-canary", string_match: { exact: "true" } };
  return [
    {
      name: "moved",
      match: { path: PROBE.redirected },
      redirect: { path_redirect: "/", response_code: "FOUND" },
    },
    routeTo({ prefix: "/", headers: [canary] }, "testers"),
    routeTo({ prefix: "/" }, "everybody"),
  ];
}

const routeTo = (match: Json, name: string): Json => ({
  name,
  match,
  route: {
    cluster: "out",
    timeout: "15s",
    retry_policy: { retry_on: "connect-failure,refused-stream", num_retries: 2 },
  },
});
