// The door of this folder: configuration values in and protobuf bytes out, and back. Reading is lenient field by field
// and strict as a whole: what was read is written again and compared with what arrived, so that nothing a peer asks
// for is silently ignored.
import type { ConfigResource, ConfigType, ConfigTypes } from "#config/snapshot.ts";
import { asXdsError, XdsError, type XdsErrorCode } from "../xds-error.ts";
import type { MessageCodec } from "./any.ts";
import { fromCluster, toCluster } from "./cluster.ts";
import { describeValue, firstDifference } from "./difference.ts";
import { fromEndpoints, toEndpoints } from "./endpoints.ts";
import { Cluster } from "./generated/envoy/config/cluster/v3/cluster.ts";
import { ClusterLoadAssignment } from "./generated/envoy/config/endpoint/v3/endpoint.ts";
import { Listener } from "./generated/envoy/config/listener/v3/listener.ts";
import { RouteConfiguration } from "./generated/envoy/config/route/v3/route.ts";
import { VirtualHost } from "./generated/envoy/config/route/v3/route_components.ts";
import { RBAC } from "./generated/envoy/extensions/filters/http/rbac/v3/rbac.ts";
import { HttpConnectionManager } from "./generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.ts";
import { Secret } from "./generated/envoy/extensions/transport_sockets/tls/v3/secret.ts";
import {
  DownstreamTlsContext,
  UpstreamTlsContext,
} from "./generated/envoy/extensions/transport_sockets/tls/v3/tls.ts";
import { HttpProtocolOptions } from "./generated/envoy/extensions/upstreams/http/v3/http_protocol_options.ts";
import { MANAGER, RBAC_FILTER } from "./http-connection-manager.ts";
import { HTTP_PROTOCOL_OPTIONS } from "./http-protocol.ts";
import { fromListener, toListener } from "./listener.ts";
import { fromSecret, toSecret } from "./secret.ts";
import { DOWNSTREAM_TLS, UPSTREAM_TLS } from "./tls-context.ts";
import {
  fromRouteConfiguration,
  fromVirtualHost,
  toRouteConfiguration,
  toVirtualHost,
} from "./virtual-host.ts";

/** One configuration type's way to bytes and back; `name` is the message's own. */
interface TypeCodec<V> {
  encode(value: V): Uint8Array;
  decode(bytes: Uint8Array): { readonly name: string; readonly value: V };
}

function typeCodec<M, V>(
  message: MessageCodec<M>,
  to: (value: V) => M,
  from: (message: M) => V,
  nameOf: (message: M) => string,
): TypeCodec<V> {
  return {
    encode: (value) => message.encode(to(value)).finish(),
    decode: (bytes) => {
      const found = decodeMessage(message, bytes);
      const value = from(found);
      const difference = firstDifference(found, to(value), expandAny);
      if (difference === undefined) return { name: nameOf(found), value };
      const { path, expected } = difference;
      throw new XdsError(
        "unsupported",
        `${path} is ${describeValue(difference.found)}, but Weft supports only ${describeValue(expected)} here`,
      );
    },
  };
}

const CODECS: { readonly [T in ConfigType]: TypeCodec<ConfigTypes[T]> } = {
  listener: typeCodec(Listener, toListener, fromListener, ({ name }) => name),
  route: typeCodec(
    RouteConfiguration,
    toRouteConfiguration,
    fromRouteConfiguration,
    ({ name }) => name,
  ),
  "virtual-host": typeCodec(
    VirtualHost,
    toVirtualHost,
    (message) => fromVirtualHost(message),
    ({ name }) => name,
  ),
  cluster: typeCodec(Cluster, toCluster, fromCluster, ({ name }) => name),
  endpoints: typeCodec(
    ClusterLoadAssignment,
    toEndpoints,
    fromEndpoints,
    ({ clusterName }) => clusterName,
  ),
  secret: typeCodec(Secret, toSecret, fromSecret, ({ name }) => name),
};

/** The bytes inside the `Any` of a response. Throws XdsError `internal` for a value that no message can carry. */
export function encode(resource: ConfigResource): Uint8Array {
  return within("internal", resource, () => codecOf(resource.type).encode(resource.value));
}

/**
 * The value that the bytes carry. Throws XdsError, naming resource and field: `malformed` for broken bytes,
 * `unsupported` for anything that Weft would not act on, `too-large`.
 */
export function decode<T extends ConfigType>(
  type: T,
  name: string,
  version: string,
  bytes: Uint8Array,
): ConfigResource<T> {
  return within("malformed", { type, name }, () => {
    const read = codecOf(type).decode(bytes);
    const expected = type === "virtual-host" ? name.slice(name.indexOf("/") + 1) : name;
    if (read.name !== expected)
      throw new XdsError(
        "malformed",
        `the message inside is named "${read.name}"; both names must be the same`,
      );
    return { type, name, version, value: read.value };
  });
}

function codecOf<T extends ConfigType>(type: T): TypeCodec<ConfigTypes[T]> {
  return CODECS[type];
}

function decodeMessage<M>(message: MessageCodec<M>, bytes: Uint8Array): M {
  try {
    return message.decode(bytes);
  } catch (cause) {
    throw new XdsError("malformed", `broken protobuf: ${asXdsError(cause).message}`, cause);
  }
}

/** Puts the resource in front of what went wrong inside it. */
function within<R>(
  fallback: XdsErrorCode,
  { type, name }: Pick<ConfigResource, "type" | "name">,
  work: () => R,
): R {
  try {
    return work();
  } catch (cause) {
    const code = cause instanceof XdsError ? cause.code : fallback;
    throw new XdsError(code, `${type} "${name}": ${asXdsError(cause).message}`, cause);
  }
}

const INSIDE_ANY = new Map<string, (bytes: Uint8Array) => unknown>([
  [MANAGER, (bytes) => decodeMessage(HttpConnectionManager, bytes)],
  [RBAC_FILTER, (bytes) => decodeMessage(RBAC, bytes)],
  [DOWNSTREAM_TLS, (bytes) => decodeMessage(DownstreamTlsContext, bytes)],
  [UPSTREAM_TLS, (bytes) => decodeMessage(UpstreamTlsContext, bytes)],
  [HTTP_PROTOCOL_OPTIONS, (bytes) => decodeMessage(HttpProtocolOptions, bytes)],
]);

function expandAny(typeUrl: string, bytes: Uint8Array): unknown {
  return INSIDE_ANY.get(typeUrl.slice(typeUrl.indexOf("/") + 1))?.(bytes);
}
