// What a program sends inside CONNECT to a host of the mesh takes the way of any request: the tunnel ends at a listener
// that exists in this Envoy only.
import type { OutboundListener } from "#config/listener.ts";
import { emptyAny } from "../any.ts";
import { toDuration } from "../duration.ts";
import {
  Cluster,
  Cluster_DiscoveryType as DiscoveryType,
} from "../generated/envoy/config/cluster/v3/cluster.ts";
import type { Listener as ListenerMessage } from "../generated/envoy/config/listener/v3/listener.ts";
import { FilterChainMatch } from "../generated/envoy/config/listener/v3/listener_components.ts";
import { toListener } from "../listener.ts";
import { adaptFilters } from "./adapt-manager.ts";
import { type EnvoyClient, INSIDE_CONNECT } from "./envoy-client.ts";
import { outsideMeshFilter } from "./outside-mesh.ts";

const HTTP_INSPECTOR = "envoy.extensions.filters.listener.http_inspector.v3.HttpInspector";

/** Of the HTTP proxy's port. Nothing but that port leads here, so it asks for no secret. */
export function toInsideListener(outer: OutboundListener, client: EnvoyClient): ListenerMessage {
  const message = toListener(outer);
  const filters = outer.unknownHosts === "passthrough" ? [outsideMeshFilter()] : [];
  return {
    ...message,
    name: INSIDE_CONNECT,
    address: undefined,
    listenerSpecifier: { $case: "internalListener", value: {} },
    listenerFilters: [
      {
        name: "envoy.filters.listener.http_inspector",
        configType: { $case: "typedConfig", value: emptyAny(HTTP_INSPECTOR) },
        filterDisabled: undefined,
      },
    ],
    filterChains: message.filterChains.map((chain) => ({
      ...chain,
      filterChainMatch: FilterChainMatch.fromPartial({
        applicationProtocols: ["http/1.0", "http/1.1", "h2c"],
      }),
      filters: adaptFilters(chain.filters, { direction: "outbound", filters }, client),
    })),
  };
}

export function toInsideCluster(): Cluster {
  return Cluster.fromPartial({
    name: INSIDE_CONNECT,
    clusterDiscoveryType: { $case: "type", value: DiscoveryType.STATIC },
    connectTimeout: toDuration(1_000),
    loadAssignment: {
      clusterName: INSIDE_CONNECT,
      endpoints: [
        {
          lbEndpoints: [
            {
              hostIdentifier: {
                $case: "endpoint",
                value: {
                  address: {
                    address: {
                      $case: "envoyInternalAddress",
                      value: {
                        addressNameSpecifier: {
                          $case: "serverListenerName",
                          value: INSIDE_CONNECT,
                        },
                      },
                    },
                  },
                },
              },
            },
          ],
        },
      ],
    },
  });
}
