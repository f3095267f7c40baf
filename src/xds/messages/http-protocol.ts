import { emptyAny, fromAny, toAny } from "./any.ts";
import { fromDuration, toDuration } from "./duration.ts";
import { Http1ProtocolOptions } from "./generated/envoy/config/core/v3/protocol.ts";
import { HttpProtocolOptions } from "./generated/envoy/extensions/upstreams/http/v3/http_protocol_options.ts";
import type { Any } from "./generated/google/protobuf/any.ts";

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

/** How a cluster speaks to its endpoints. A `maxRequestsPerConnection` of 0 is no limit. */
export function toProtocolOptions(
  idleTimeoutMs: number,
  maxRequestsPerConnection: number,
): { [key: string]: Any } {
  const options = HttpProtocolOptions.fromPartial({
    commonHttpProtocolOptions: {
      idleTimeout: toDuration(idleTimeoutMs),
      maxRequestsPerConnection:
        maxRequestsPerConnection === 0 ? undefined : maxRequestsPerConnection,
    },
    upstreamProtocolOptions: {
      $case: "explicitHttpConfig",
      value: { protocolConfig: { $case: "httpProtocolOptions", value: http1Options() } },
    },
  });
  return { [HTTP_PROTOCOL_OPTIONS]: toAny(HTTP_PROTOCOL_OPTIONS, HttpProtocolOptions, options) };
}

export function fromProtocolOptions(options: Readonly<Record<string, Any>>): {
  readonly idleTimeoutMs: number;
  readonly maxRequestsPerConnection: number;
} {
  const any = options[HTTP_PROTOCOL_OPTIONS];
  const common = fromAny(
    HTTP_PROTOCOL_OPTIONS,
    HttpProtocolOptions,
    any,
  )?.commonHttpProtocolOptions;
  return {
    idleTimeoutMs: fromDuration(common?.idleTimeout),
    maxRequestsPerConnection: common?.maxRequestsPerConnection ?? 0,
  };
}
