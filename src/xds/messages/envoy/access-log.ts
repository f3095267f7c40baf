import { toAny } from "../any.ts";
import {
  type AccessLog,
  type AccessLogFilter,
  ComparisonFilter_Op,
} from "../generated/envoy/config/accesslog/v3/accesslog.ts";
import { FileAccessLog } from "../generated/envoy/extensions/access_loggers/file/v3/file.ts";
import { StatsLogger } from "../generated/weft/newer/envoy.ts";
import { toHeaderMatcher } from "../string-match.ts";
import { type EnvoyClient, STATS_SINCE } from "./envoy-client.ts";

const FILE_LOGGER = "envoy.extensions.access_loggers.file.v3.FileAccessLog";
const STATS_LOGGER = "envoy.extensions.access_loggers.stats.v3.Config";
const MILLISECONDS = 3;
/** The first Envoy whose stats access logger can be bounded. */
const SCOPES_SINCE = 40;
/** Statuses and hosts that strangers invent must not fill the memory. */
const SERIES_MAX = 10_000;

type Direction = "inbound" | "outbound";

/** The keys of Weft's own access log (docs/reference/access-log.md), as far as Envoy has words for them. */
const KEYS: Readonly<Record<string, string>> = {
  start_time: "%START_TIME(%Y-%m-%dT%H:%M:%S.%3fZ)%",
  route_name: "%ROUTE_NAME%",
  method: "%REQ(:METHOD)%",
  path: "%REQ(:PATH)%",
  protocol: "%PROTOCOL%",
  response_code: "%RESPONSE_CODE%",
  response_flags: "%RESPONSE_FLAGS%",
  response_code_details: "%RESPONSE_CODE_DETAILS%",
  connection_termination_details: "%CONNECTION_TERMINATION_DETAILS%",
  bytes_received: "%BYTES_RECEIVED%",
  bytes_sent: "%BYTES_SENT%",
  duration: "%DURATION%",
  upstream_service_time: "%RESPONSE_DURATION%",
  x_forwarded_for: "%REQ(X-FORWARDED-FOR)%",
  user_agent: "%REQ(USER-AGENT)%",
  request_id: "%REQ(X-REQUEST-ID)%",
  authority: "%REQ(:AUTHORITY)%",
  upstream_host: "%UPSTREAM_HOST%",
  upstream_cluster: "%UPSTREAM_CLUSTER%",
  upstream_local_address: "%UPSTREAM_LOCAL_ADDRESS%",
  downstream_local_address: "%DOWNSTREAM_LOCAL_ADDRESS%",
  downstream_remote_address: "%DOWNSTREAM_REMOTE_ADDRESS%",
  requested_server_name: "%REQUESTED_SERVER_NAME%",
  peer: "%DOWNSTREAM_PEER_URI_SAN%",
  upstream_transport_failure_reason: "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
  weft_error: "%RESP(WEFT-ERROR)%",
  record_id: "%STREAM_ID%",
  traceparent: "%REQ(TRACEPARENT)%",
  connection_wait: "%COMMON_DURATION(US_CX_BEG:US_CX_END:ms)%",
  duration_us: "%COMMON_DURATION(DS_RX_BEG:DS_TX_END:us)%",
  attempts: "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
};

/** A line per request, and the counters behind `weft stat`. CONNECT is not one: what is inside it is logged. */
export function accessLogs(direction: Direction, client: EnvoyClient): AccessLog[] {
  const filter = direction === "outbound" ? notConnect() : undefined;
  const logs = [logger("envoy.access_loggers.file", fileLog(direction, client), filter)];
  if (client.minorVersion >= STATS_SINCE)
    logs.push(logger("envoy.access_loggers.stats", statsLog(direction, client), filter));
  return logs;
}

function logger(
  name: string,
  value: ReturnType<typeof toAny>,
  filter: AccessLogFilter | undefined,
): AccessLog {
  return { name, filter, configType: { $case: "typedConfig", value } };
}

function notConnect(): AccessLogFilter {
  const header = toHeaderMatcher({
    name: ":method",
    match: { kind: "exact", value: "CONNECT" },
    invert: true,
  });
  return { filterSpecifier: { $case: "headerFilter", value: { header } } };
}

function fileLog(direction: Direction, { workload }: EnvoyClient): ReturnType<typeof toAny> {
  const value = FileAccessLog.fromPartial({
    path: workload.engine?.accessLog ?? "/dev/stdout",
    accessLogFormat: {
      $case: "logFormat",
      value: {
        format: { $case: "jsonFormat", value: { ...KEYS, direction } },
        omitEmptyValues: true,
      },
    },
  });
  return toAny(FILE_LOGGER, FileAccessLog, value);
}

/**
 * The few labels that differ from request to request; who this proxy is, and what a cluster stands for, is known to who
 * reads them (src/proxy/envoy/golden-signals.ts).
 */
function statsLog(direction: Direction, { minorVersion }: EnvoyClient): ReturnType<typeof toAny> {
  const tags = Object.entries({
    weft_cluster: "%UPSTREAM_CLUSTER%",
    weft_code: "%RESPONSE_CODE%",
    weft_flags: "%RESPONSE_FLAGS%",
    weft_grpc: "%GRPC_STATUS_NUMBER%",
    ...(direction === "outbound"
      ? { weft_workload: "%UPSTREAM_METADATA(istio:workload)%" }
      : { weft_peer: "%DOWNSTREAM_PEER_URI_SAN%", weft_details: "%RESPONSE_CODE_DETAILS%" }),
  }).map(([name, valueFormat]) => ({ name, valueFormat }));
  const prefix = `weft_${direction}`;
  const value = StatsLogger.fromPartial({
    ...(minorVersion >= SCOPES_SINCE
      ? { statsScope: { prefix, maxCounters: SERIES_MAX, maxHistograms: SERIES_MAX } }
      : { statPrefix: prefix }),
    counters: [{ stat: { name: "requests", tags }, valueFixed: 1 }],
    histograms: [
      { stat: { name: "duration", tags }, unit: MILLISECONDS, valueFormat: "%DURATION%" },
    ],
  });
  return toAny(STATS_LOGGER, StatsLogger, value);
}

/** Answers of this status. */
export function statusIs(status: number): AccessLogFilter {
  const comparison = {
    op: ComparisonFilter_Op.EQ,
    value: { defaultValue: status, runtimeKey: `weft.status.${status}` },
  };
  return { filterSpecifier: { $case: "statusCodeFilter", value: { comparison } } };
}
