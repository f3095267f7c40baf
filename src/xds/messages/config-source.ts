import {
  ApiConfigSource_ApiType as ApiType,
  ApiVersion,
  ConfigSource,
} from "./generated/envoy/config/core/v3/config_source.ts";

/** "On the stream that this came by." */
export function adsSource(): ConfigSource {
  return ConfigSource.fromPartial({
    configSourceSpecifier: { $case: "ads", value: {} },
    resourceApiVersion: ApiVersion.V3,
  });
}

/** Istio's name for the cluster that is the agent beside an Envoy. */
export const AGENT_CLUSTER = "sds-grpc";

/** Keys and roots come from the agent beside the Envoy, without a deadline. */
export function agentSource(): ConfigSource {
  return ConfigSource.fromPartial({
    configSourceSpecifier: {
      $case: "apiConfigSource",
      value: {
        apiType: ApiType.GRPC,
        transportApiVersion: ApiVersion.V3,
        grpcServices: [
          { targetSpecifier: { $case: "envoyGrpc", value: { clusterName: AGENT_CLUSTER } } },
        ],
        setNodeOnFirstMessageOnly: true,
      },
    },
    initialFetchTimeout: { seconds: 0, nanos: 0 },
    resourceApiVersion: ApiVersion.V3,
  });
}
