import { fromAny, toAny } from "../any.ts";
import { adsSource } from "../config-source.ts";
import type { TransportSocket } from "../generated/envoy/config/core/v3/base.ts";
import {
  SubjectAltNameMatcher_SanType as SanType,
  type SubjectAltNameMatcher,
} from "../generated/envoy/extensions/transport_sockets/tls/v3/common.ts";
import {
  type CommonTlsContext,
  DownstreamTlsContext,
  UpstreamTlsContext,
} from "../generated/envoy/extensions/transport_sockets/tls/v3/tls.ts";
import { DOWNSTREAM_TLS, UPSTREAM_TLS } from "../tls-context.ts";

/** Callers must have an identity of the mesh's own trust domain. Sockets that are not TLS stay as they are. */
export function adaptDownstreamTls(
  socket: TransportSocket | undefined,
  trustDomain: string,
): TransportSocket | undefined {
  const context = fromAny(DOWNSTREAM_TLS, DownstreamTlsContext, socket?.configType?.value);
  if (socket === undefined || context === undefined) return socket;
  const names = [uri("prefix", `spiffe://${trustDomain}/`)];
  const commonTlsContext = withNames(context.commonTlsContext, names);
  const value = toAny(DOWNSTREAM_TLS, DownstreamTlsContext, { ...context, commonTlsContext });
  return { ...socket, configType: { $case: "typedConfig", value } };
}

/** Servers must have one of these identities. */
export function adaptUpstreamTls(
  socket: TransportSocket | undefined,
  identities: readonly string[],
): TransportSocket | undefined {
  const context = fromAny(UPSTREAM_TLS, UpstreamTlsContext, socket?.configType?.value);
  if (socket === undefined || context === undefined) return socket;
  const names = identities.map((identity) => uri("exact", identity));
  const commonTlsContext = withNames(context.commonTlsContext, names);
  const value = toAny(UPSTREAM_TLS, UpstreamTlsContext, { ...context, commonTlsContext });
  return { ...socket, configType: { $case: "typedConfig", value } };
}

/** Roots come by the stream of the configuration, so that a rotated root arrives at once. */
function withNames(
  common: CommonTlsContext | undefined,
  matchTypedSubjectAltNames: SubjectAltNameMatcher[],
): CommonTlsContext | undefined {
  const validation = common?.validationContextType;
  if (common === undefined || validation?.$case !== "combinedValidationContext") return common;
  const { defaultValidationContext, validationContextSdsSecretConfig } = validation.value;
  return {
    ...common,
    validationContextType: {
      $case: "combinedValidationContext",
      value: {
        ...validation.value,
        defaultValidationContext: defaultValidationContext && {
          ...defaultValidationContext,
          matchTypedSubjectAltNames,
        },
        validationContextSdsSecretConfig: validationContextSdsSecretConfig && {
          ...validationContextSdsSecretConfig,
          sdsConfig: adsSource(),
        },
      },
    },
  };
}

function uri($case: "exact" | "prefix", value: string): SubjectAltNameMatcher {
  return {
    sanType: SanType.URI,
    matcher: { matchPattern: { $case, value }, ignoreCase: false },
    oid: "",
  };
}
