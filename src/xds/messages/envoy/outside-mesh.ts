// Hosts outside the mesh are looked up by the name that the request carries: Envoy's dynamic forward proxy, in two parts
// that share one cache of addresses.
import { toAny } from "../any.ts";
import { toDuration } from "../duration.ts";
import {
  type Cluster,
  Cluster_DnsLookupFamily as Family,
} from "../generated/envoy/config/cluster/v3/cluster.ts";
import { ClusterConfig } from "../generated/envoy/extensions/clusters/dynamic_forward_proxy/v3/cluster.ts";
import { DnsCacheConfig } from "../generated/envoy/extensions/common/dynamic_forward_proxy/v3/dns_cache.ts";
import {
  FilterConfig,
  PerRouteConfig,
} from "../generated/envoy/extensions/filters/http/dynamic_forward_proxy/v3/dynamic_forward_proxy.ts";
import type { HttpFilter } from "../generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.ts";
import type { Any } from "../generated/google/protobuf/any.ts";
import { typedFilter } from "../http-connection-manager.ts";

const FILTER = "envoy.extensions.filters.http.dynamic_forward_proxy.v3.FilterConfig";
const PER_ROUTE = "envoy.extensions.filters.http.dynamic_forward_proxy.v3.PerRouteConfig";
const FILTER_NAME = "envoy.filters.http.dynamic_forward_proxy";
const CLUSTER = "envoy.extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig";

const REFRESH_MS = 5_000;

function dnsCache(): DnsCacheConfig {
  return DnsCacheConfig.fromPartial({
    name: "outside-mesh",
    dnsLookupFamily: Family.V4_PREFERRED,
    dnsRefreshRate: toDuration(REFRESH_MS),
  });
}

export function outsideMeshFilter(): HttpFilter {
  const value = FilterConfig.fromPartial({
    implementationSpecifier: { $case: "dnsCacheConfig", value: dnsCache() },
  });
  return typedFilter(FILTER_NAME, toAny(FILTER, FilterConfig, value));
}

/** For a route: goes to this host, and says so. */
export function outsideMeshHost(authority: string): { [filter: string]: Any } {
  const value = PerRouteConfig.fromPartial({
    hostRewriteSpecifier: { $case: "hostRewriteLiteral", value: authority },
  });
  return { [FILTER_NAME]: toAny(PER_ROUTE, PerRouteConfig, value) };
}

/** The parts of a cluster that say where its endpoints come from. */
export function outsideMeshDiscovery(): Pick<Cluster, "clusterDiscoveryType"> {
  const value = ClusterConfig.fromPartial({
    clusterImplementationSpecifier: { $case: "dnsCacheConfig", value: dnsCache() },
    // What goes there is plaintext, or what the application has encrypted itself.
    allowInsecureClusterOptions: true,
  });
  return {
    clusterDiscoveryType: {
      $case: "clusterType",
      value: {
        name: "envoy.clusters.dynamic_forward_proxy",
        typedConfig: toAny(CLUSTER, ClusterConfig, value),
      },
    },
  };
}
