import type { Http2KeepAlive, Http2Settings } from "#config/cluster.ts";
import { fromDuration, toDuration } from "./duration.ts";
import {
  Http2ProtocolOptions,
  type KeepaliveSettings,
} from "./generated/envoy/config/core/v3/protocol.ts";
import type { Duration } from "./generated/google/protobuf/duration.ts";
import { asFields, asNumber } from "./metadata.ts";

type MaybeSettings = { readonly http2?: Http2Settings };

/** Envoy sends no PING at regular times unless there is an interval. */
export function toHttp2({
  maxConcurrentStreams,
  keepAlive,
}: Http2Settings = {}): Http2ProtocolOptions {
  return Http2ProtocolOptions.fromPartial({
    maxConcurrentStreams,
    connectionKeepalive: keepAlive && {
      interval: optionalDuration(keepAlive.intervalMs),
      timeout: toDuration(keepAlive.timeoutMs),
      connectionIdleInterval: optionalDuration(keepAlive.connectionIdleIntervalMs),
    },
  });
}

function optionalDuration(ms: number | undefined): Duration | undefined {
  return ms === undefined ? undefined : toDuration(ms);
}

export function fromHttp2(message: Http2ProtocolOptions | undefined): MaybeSettings {
  const { maxConcurrentStreams, connectionKeepalive: keepalive } = message ?? {};
  if (maxConcurrentStreams === undefined && keepalive === undefined) return {};
  return {
    http2: {
      ...(maxConcurrentStreams === undefined ? {} : { maxConcurrentStreams }),
      ...(keepalive && { keepAlive: fromKeepAlive(keepalive) }),
    },
  };
}

function fromKeepAlive({
  interval,
  timeout,
  connectionIdleInterval,
}: KeepaliveSettings): Http2KeepAlive {
  return {
    ...(interval && { intervalMs: fromDuration(interval) }),
    timeoutMs: fromDuration(timeout),
    ...(connectionIdleInterval && {
      connectionIdleIntervalMs: fromDuration(connectionIdleInterval),
    }),
  };
}

const FIELDS = [
  "maxConcurrentStreams",
  "timeoutMs",
  "intervalMs",
  "connectionIdleIntervalMs",
] as const;

/** The same for our metadata, of a cluster that Envoy speaks HTTP/1.1 to: multiplexing obeys them. */
export function toHttp2Fields(
  http2: Http2Settings | undefined,
): Readonly<Record<string, number>> | undefined {
  if (http2 === undefined) return undefined;
  const { keepAlive, ...own } = http2;
  const all: Readonly<Record<string, number | undefined>> = { ...own, ...keepAlive };
  return Object.fromEntries(
    FIELDS.flatMap((key) => (all[key] === undefined ? [] : [[key, all[key]]])),
  );
}

export function fromHttp2Fields(value: unknown): MaybeSettings {
  if (value === undefined) return {};
  const fields = asFields(value);
  const number = <K extends (typeof FIELDS)[number]>(key: K): Partial<Record<K, number>> =>
    fields[key] === undefined ? {} : ({ [key]: asNumber(fields[key]) } as Record<K, number>);
  const keepAlive = {
    ...number("intervalMs"),
    timeoutMs: asNumber(fields.timeoutMs),
    ...number("connectionIdleIntervalMs"),
  };
  return {
    http2: {
      ...number("maxConcurrentStreams"),
      ...(fields.timeoutMs === undefined ? {} : { keepAlive }),
    },
  };
}
