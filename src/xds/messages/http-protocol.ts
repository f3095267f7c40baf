import type { CircuitLimits, Cluster } from "#config/cluster.ts";
import { emptyAny, fromAny, toAny } from "./any.ts";
import { fromDuration, toDuration } from "./duration.ts";
import { Http1ProtocolOptions } from "./generated/envoy/config/core/v3/protocol.ts";
import {
  HttpProtocolOptions,
  HttpProtocolOptions_UseDownstreamHttpConfig as UseDownstreamHttpConfig,
} from "./generated/envoy/extensions/upstreams/http/v3/http_protocol_options.ts";
import type { Any } from "./generated/google/protobuf/any.ts";
import { fromHttp2, toHttp2 } from "./http2-settings.ts";

export const HTTP_PROTOCOL_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
const PRESERVE_CASE =
  "envoy.extensions.http.header_formatters.preserve_case.v3.PreserveCaseFormatterConfig";

/** Header names leave as they came, as our own proxy does it. */
export function http1Options(): Http1ProtocolOptions {
  return Http1ProtocolOptions.fromPartial({
    acceptHttp10: true,
    enableTrailers: true,
    headerKeyFormat: {
      headerFormat: {
        $case: "statefulFormatter",
        value: { name: "preserve_case", typedConfig: emptyAny(PRESERVE_CASE) },
      },
    },
  });
}

/** How a cluster speaks to its endpoints. */
type SpokenHttp = Pick<
  Cluster,
  "idleTimeoutMs" | "maxConnectionDurationMs" | "protocol" | "http2"
> &
  Pick<CircuitLimits, "maxRequestsPerConnection">;

/** A `maxRequestsPerConnection` of 0 is no limit. */
export function toProtocolOptions(spoken: SpokenHttp): { [key: string]: Any } {
  const { idleTimeoutMs, maxConnectionDurationMs, maxRequestsPerConnection } = spoken;
  const options = HttpProtocolOptions.fromPartial({
    commonHttpProtocolOptions: {
      idleTimeout: toDuration(idleTimeoutMs),
      maxConnectionDuration:
        maxConnectionDurationMs === undefined ? undefined : toDuration(maxConnectionDurationMs),
      maxRequestsPerConnection:
        maxRequestsPerConnection === 0 ? undefined : maxRequestsPerConnection,
    },
    upstreamProtocolOptions: toVersions(spoken),
  });
  return { [HTTP_PROTOCOL_OPTIONS]: toAny(HTTP_PROTOCOL_OPTIONS, HttpProtocolOptions, options) };
}

function toVersions({
  protocol,
  http2,
}: SpokenHttp): HttpProtocolOptions["upstreamProtocolOptions"] {
  if (protocol === "client")
    return {
      $case: "useDownstreamProtocolConfig",
      value: UseDownstreamHttpConfig.fromPartial({
        httpProtocolOptions: http1Options(),
        http2ProtocolOptions: toHttp2(http2),
      }),
    };
  return {
    $case: "explicitHttpConfig",
    value: {
      protocolConfig:
        protocol === "http2"
          ? { $case: "http2ProtocolOptions", value: toHttp2(http2) }
          : { $case: "httpProtocolOptions", value: http1Options() },
    },
  };
}

export function fromProtocolOptions(options: Readonly<Record<string, Any>>): SpokenHttp {
  const read = fromAny(HTTP_PROTOCOL_OPTIONS, HttpProtocolOptions, options[HTTP_PROTOCOL_OPTIONS]);
  const common = read?.commonHttpProtocolOptions;
  return {
    idleTimeoutMs: fromDuration(common?.idleTimeout),
    ...(common?.maxConnectionDuration && {
      maxConnectionDurationMs: fromDuration(common.maxConnectionDuration),
    }),
    maxRequestsPerConnection: common?.maxRequestsPerConnection ?? 0,
    ...fromVersions(read?.upstreamProtocolOptions),
  };
}

function fromVersions(
  versions: HttpProtocolOptions["upstreamProtocolOptions"],
): Pick<SpokenHttp, "protocol" | "http2"> {
  if (versions?.$case === "useDownstreamProtocolConfig")
    return { protocol: "client", ...fromHttp2(versions.value.http2ProtocolOptions) };
  const explicit =
    versions?.$case === "explicitHttpConfig" ? versions.value.protocolConfig : undefined;
  return explicit?.$case === "http2ProtocolOptions"
    ? { protocol: "http2", ...fromHttp2(explicit.value) }
    : {};
}
