import { emptyAny, fromAny, toAny } from "./any.ts";
import { agentSource } from "./config-source.ts";
import type { TransportSocket } from "./generated/envoy/config/core/v3/base.ts";
import { SubjectAltNameMatcher_SanType as SanType } from "./generated/envoy/extensions/transport_sockets/tls/v3/common.ts";
import {
  CommonTlsContext,
  DownstreamTlsContext,
  UpstreamTlsContext,
} from "./generated/envoy/extensions/transport_sockets/tls/v3/tls.ts";

export const DOWNSTREAM_TLS = "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext";
export const UPSTREAM_TLS = "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext";
const RAW_BUFFER = "envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer";

/** What a sidecar of the mesh offers when it dials another: HTTP/1.1 or plain bytes inside mutual TLS. */
export const meshAlpn: readonly string[] = ["istio-http/1.1", "istio"];
/** What it accepts. */
const acceptedAlpn: readonly string[] = [...meshAlpn, "h2", "http/1.1"];

/** Mutual TLS with this workload's own certificate; any identity of the mesh may connect, policy decides the rest. */
export function downstreamTls(): TransportSocket {
  const context = DownstreamTlsContext.fromPartial({
    commonTlsContext: commonTls(acceptedAlpn, []),
    requireClientCertificate: true,
  });
  return tlsSocket(toAny(DOWNSTREAM_TLS, DownstreamTlsContext, context));
}

/** `identities`: SPIFFE IDs of which the server must have one; empty: any of the mesh. */
export function upstreamTls(sni: string, identities: readonly string[]): TransportSocket {
  const context = UpstreamTlsContext.fromPartial({
    commonTlsContext: commonTls(meshAlpn, identities),
    sni,
  });
  return tlsSocket(toAny(UPSTREAM_TLS, UpstreamTlsContext, context));
}

/** The two arguments of `upstreamTls`, or undefined when the socket is not of its kind. */
export function fromUpstreamTls(
  socket: TransportSocket | undefined,
): { readonly sni: string; readonly identities: readonly string[] } | undefined {
  const any = socket?.configType?.value;
  const context = fromAny(UPSTREAM_TLS, UpstreamTlsContext, any);
  if (context === undefined) return undefined;
  const validation = context.commonTlsContext?.validationContextType;
  const matchers =
    validation?.$case === "combinedValidationContext"
      ? (validation.value.defaultValidationContext?.matchTypedSubjectAltNames ?? [])
      : [];
  return {
    sni: context.sni,
    identities: matchers.map(({ matcher }) =>
      matcher?.matchPattern?.$case === "exact" ? matcher.matchPattern.value : "",
    ),
  };
}

export function rawBuffer(): TransportSocket {
  return {
    name: "envoy.transport_sockets.raw_buffer",
    configType: { $case: "typedConfig", value: emptyAny(RAW_BUFFER) },
  };
}

function commonTls(alpn: readonly string[], identities: readonly string[]): CommonTlsContext {
  return CommonTlsContext.fromPartial({
    tlsParams: { tlsMinimumProtocolVersion: 3 }, // TLS 1.2
    alpnProtocols: [...alpn],
    tlsCertificateSdsSecretConfigs: [{ name: "default", sdsConfig: agentSource() }],
    validationContextType: {
      $case: "combinedValidationContext",
      value: {
        defaultValidationContext: {
          matchTypedSubjectAltNames: identities.map((value) => ({
            sanType: SanType.URI,
            matcher: { matchPattern: { $case: "exact", value } },
          })),
        },
        validationContextSdsSecretConfig: { name: "ROOTCA", sdsConfig: agentSource() },
      },
    },
  });
}

function tlsSocket(value: ReturnType<typeof emptyAny>): TransportSocket {
  return {
    name: "envoy.transport_sockets.tls",
    configType: { $case: "typedConfig", value },
  };
}
