// The file that an Envoy is started with: who it is, and that everything else comes from the agent beside it.
import type { Workload } from "#config/workload.ts";
import { nodeMetadata } from "#xds/messages/node.ts";
import { nodeIdOf } from "../node-id.ts";

export interface EnvoyBootstrapFacts {
  readonly workload: Workload;
  /** Unix socket of the agent: configuration and secrets. */
  readonly agentSocket: string;
  /** Unix socket of Envoy's own admin interface. */
  readonly adminSocket: string;
}

/** Istio's buckets, in milliseconds: what our own proxies count with. */
const DURATION_BUCKETS = [
  0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000,
  600_000, 1_800_000, 3_600_000,
];

/** What is worth the memory: requests by our own labels, and what says how Envoy itself is. */
const STATS = [
  "weft_",
  "server.",
  "listener_manager.",
  "cluster_manager.",
  "control_plane.",
  "http.admin.",
  "http.inbound",
  "http.http-proxy",
  "http.upstream",
];
const CLUSTER_STATS =
  "^cluster\\..*\\.(upstream_(cx|rq)_(active|total|overflow|pending_overflow|retry|retry_overflow)|outlier_detection\\..*|ssl\\..*|membership_.*|circuit_breakers\\..*)$";

/** Callers' connections of all listeners together. */
const CONNECTIONS_MAX = 100_000;

/** As JSON. */
export function envoyBootstrap(facts: EnvoyBootstrapFacts): string {
  const { workload, agentSocket, adminSocket } = facts;
  return JSON.stringify({
    node: {
      id: nodeIdOf(workload),
      cluster: `${workload.app}.${workload.namespace}`,
      metadata: nodeMetadata(workload),
    },
    admin: { address: { pipe: { path: adminSocket, mode: 0o600 } } },
    dynamic_resources: {
      ads_config: {
        api_type: "DELTA_GRPC",
        transport_api_version: "V3",
        set_node_on_first_message_only: true,
        grpc_services: [
          {
            envoy_grpc: {
              cluster_name: "xds-grpc",
              retry_policy: { retry_back_off: { base_interval: "0.2s", max_interval: "5s" } },
            },
          },
        ],
      },
      cds_config: fromStream(),
      lds_config: fromStream(),
    },
    static_resources: {
      clusters: ["xds-grpc", "sds-grpc"].map((name) => agent(name, agentSocket)),
    },
    bootstrap_extensions: [
      {
        name: "envoy.bootstrap.internal_listener",
        typed_config: {
          "@type":
            "type.googleapis.com/envoy.extensions.bootstrap.internal_listener.v3.InternalListener",
        },
      },
    ],
    stats_config: statsConfig(),
    stats_flush_interval: "1s",
    overload_manager: {
      resource_monitors: [
        {
          name: "envoy.resource_monitors.global_downstream_max_connections",
          typed_config: {
            "@type":
              "type.googleapis.com/envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
            max_active_downstream_connections: CONNECTIONS_MAX,
          },
        },
      ],
    },
    layered_runtime: {
      layers: [
        {
          name: "weft",
          // A pattern that the API accepted is not refused here.
          static_layer: { "re2.max_program_size.error_level": 32_768 },
        },
        { name: "admin", admin_layer: {} },
      ],
    },
  });
}

/** Without a deadline: an Envoy that serves has its configuration. */
function fromStream() {
  return { ads: {}, resource_api_version: "V3", initial_fetch_timeout: "0s" };
}

function agent(name: string, path: string) {
  return {
    name,
    type: "STATIC",
    connect_timeout: "1s",
    typed_extension_protocol_options: {
      "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        explicit_http_config: { http2_protocol_options: {} },
      },
    },
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: { pipe: { path } } } }] }],
    },
  };
}

function statsConfig() {
  return {
    stats_matcher: {
      inclusion_list: {
        patterns: [
          ...STATS.map((prefix) => ({ prefix })),
          { safe_regex: { regex: CLUSTER_STATS } },
        ],
      },
    },
    histogram_bucket_settings: [{ match: { prefix: "weft_" }, buckets: DURATION_BUCKETS }],
  };
}
