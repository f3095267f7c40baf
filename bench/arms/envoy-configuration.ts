// A stock Envoy with a static file, configured as meshes configure it: RBAC, fault, CORS and router filters, a retry policy,
// a JSON access log.
import { join } from "node:path";
import { accessLog, connectionManager, type Json, tcpProxy, typed } from "./envoy-filters.ts";
import { type HopOptions, speaksHttp2Upstream } from "./hop.ts";
import type { PeerCertificate } from "./peer-certificates.ts";

/** JSON, which Envoy reads as it reads YAML. */
export function envoyConfiguration(options: HopOptions): string {
  return JSON.stringify({
    static_resources: { listeners: [listener(options)], clusters: [cluster(options)] },
    // Envoy warns that without a limit a flood of connections takes everything; so would an operator of it have one.
    overload_manager: {
      resource_monitors: [
        {
          name: "envoy.resource_monitors.global_downstream_max_connections",
          typed_config: typed(
            "envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
            { max_active_downstream_connections: 8_192 },
          ),
        },
      ],
    },
  });
}

function listener(options: HopOptions): Json {
  const log = options.logged ? [accessLog(join(options.folder, "access.log"), options.setup)] : [];
  const filters =
    options.setup.kind === "tcp" ? tcpProxy(options, log) : connectionManager(options, log);
  const chain = { filters, ...downstreamTls(options) };
  return { name: "in", address: loopback(options.listenPort), filter_chains: [chain] };
}

function cluster(options: HopOptions): Json {
  const limits = { max_connections: 8_192, max_pending_requests: 8_192, max_requests: 8_192 };
  return {
    name: "out",
    type: "STATIC",
    connect_timeout: "5s",
    circuit_breakers: { thresholds: [limits] },
    load_assignment: {
      cluster_name: "out",
      endpoints: [{ lb_endpoints: [{ endpoint: { address: loopback(options.upstreamPort) } }] }],
    },
    ...protocol(options),
    ...upstreamTls(options),
  };
}

function protocol(options: HopOptions): Json {
  if (options.setup.kind === "tcp") return {};
  const explicit = speaksHttp2Upstream(options)
    ? { http2_protocol_options: {} }
    : { http_protocol_options: {} };
  const kind = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
  return {
    typed_extension_protocol_options: {
      [kind]: typed(kind, { explicit_http_config: explicit }),
    },
  };
}

function downstreamTls({ hop, setup, between }: HopOptions): Json {
  if (hop.kind !== "server-side") return {};
  const { server, client, roots } = hop.certificates;
  const context = typed("envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext", {
    require_client_certificate: true,
    disable_stateless_session_resumption: true,
    disable_stateful_session_resumption: true,
    common_tls_context: {
      ...tlsContext(server, { peer: client, roots }),
      ...(setup.kind === "tcp" ? {} : { alpn_protocols: [between] }),
    },
  });
  return { transport_socket: { name: "envoy.transport_sockets.tls", typed_config: context } };
}

function upstreamTls({ hop, setup, between }: HopOptions): Json {
  if (hop.kind !== "client-side") return {};
  const { server, client, roots } = hop.certificates;
  const context = typed("envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext", {
    sni: server.name,
    max_session_keys: 0,
    common_tls_context: {
      ...tlsContext(client, { peer: server, roots }),
      ...(setup.kind === "tcp" ? {} : { alpn_protocols: [between] }),
    },
  });
  return { transport_socket: { name: "envoy.transport_sockets.tls", typed_config: context } };
}

function tlsContext(
  own: PeerCertificate,
  { peer, roots }: { readonly peer: PeerCertificate; readonly roots: string },
): Json {
  const file = (filename: string): Json => ({ filename });
  return {
    tls_params: {
      tls_minimum_protocol_version: "TLSv1_3",
      tls_maximum_protocol_version: "TLSv1_3",
      ecdh_curves: ["X25519"],
    },
    tls_certificates: [{ certificate_chain: file(own.certificate), private_key: file(own.key) }],
    validation_context: {
      trusted_ca: file(roots),
      match_typed_subject_alt_names: [{ san_type: "URI", matcher: { exact: peer.spiffeId } }],
    },
  };
}

const loopback = (port: number): Json => ({
  socket_address: { address: "127.0.0.1", port_value: port },
});
