// What Envoy answers itself, in Weft's words: the code in `weft-error`, and a body that says what happened.
import { type ProxyFailureCode, proxyFailures } from "#core/errors/proxy-failures.ts";
import type { AccessLogFilter } from "../generated/envoy/config/accesslog/v3/accesslog.ts";
import {
  HeaderValueOption_HeaderAppendAction as AppendAction,
  type HeaderValueOption,
} from "../generated/envoy/config/core/v3/base.ts";
import {
  type LocalReplyConfig,
  ResponseMapper,
} from "../generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.ts";
import { statusIs } from "./access-log.ts";

/** First match wins, so what Envoy says more precisely comes first. */
const REPLIES: readonly (readonly [ProxyFailureCode, Recognised])[] = [
  ["proxy-auth-required", { status: 401 }],
  ["denied-by-policy", { status: 403 }],
  ["circuit-open", { flag: "UO" }],
  ["no-healthy-upstream", { flag: "UH" }],
  ["cluster-not-found", { flag: "NC" }],
  ["no-route", { flag: "NR" }],
  ["upstream-connect-refused", { flag: "UF" }],
  ["upstream-dns-failure", { flag: "DF" }],
  ["request-timeout", { flag: "UT" }],
  ["upstream-reset", { flag: "UR" }],
  ["upstream-closed", { flag: "UC" }],
  ["upstream-protocol-error", { flag: "UPE" }],
  ["overloaded", { flag: "OM" }],
  ["bad-request", { status: 400 }],
  ["request-head-too-large", { status: 431 }],
  ["request-head-timeout", { status: 408 }],
];

type Recognised = { readonly flag: string } | { readonly status: number };

/** `by`: `<workload>/<inbound|outbound>`. */
export function localReplies(by: string): LocalReplyConfig {
  return {
    mappers: REPLIES.map(([code, recognised]) => toMapper(code, recognised, by)),
    bodyFormat: undefined,
  };
}

function toMapper(code: ProxyFailureCode, recognised: Recognised, by: string): ResponseMapper {
  const { status, summary, next } = proxyFailures[code];
  const words = `${summary}\nNext: ${next}`.replaceAll("%", "%%");
  const body = `%LOCAL_REPLY_BODY%\n\n${words}\n(${code}; answered by ${by}; record %STREAM_ID%)\n`;
  return {
    ...ResponseMapper.create(),
    filter: toFilter(recognised),
    statusCode: "status" in recognised && recognised.status !== status ? status : undefined,
    bodyFormatOverride: {
      format: { $case: "textFormatSource", value: inline(body) },
      omitEmptyValues: false,
      contentType: "text/plain; charset=utf-8",
      formatters: [],
      jsonFormatOptions: undefined,
    },
    headersToAdd: [
      field("weft-error", `${code}; by=${by}; id=%STREAM_ID%`),
      ...(code === "proxy-auth-required"
        ? [field("proxy-authenticate", 'Basic realm="weft"')]
        : []),
    ],
  };
}

function toFilter(recognised: Recognised): AccessLogFilter {
  if ("status" in recognised) return statusIs(recognised.status);
  return {
    filterSpecifier: { $case: "responseFlagFilter", value: { flags: [recognised.flag] } },
  };
}

function inline(value: string) {
  return {
    specifier: { $case: "inlineString", value },
    watchedDirectory: undefined,
  } as const;
}

function field(key: string, value: string): HeaderValueOption {
  return {
    header: { key, value, rawValue: new Uint8Array(0) },
    append: undefined,
    appendAction: AppendAction.OVERWRITE_IF_EXISTS_OR_ADD,
    keepEmptyValue: false,
  };
}
