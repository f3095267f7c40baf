// A workload's own certificate and key, as the agent beside an Envoy hands them over by SDS.
import { asXdsError, XdsError } from "../xds-error.ts";
import { toAny } from "./any.ts";
import { Secret } from "./generated/envoy/extensions/transport_sockets/tls/v3/secret.ts";
import {
  DiscoveryRequest,
  DiscoveryResponse,
} from "./generated/envoy/service/discovery/v3/discovery.ts";

const SECRET = "envoy.extensions.transport_sockets.tls.v3.Secret";

export interface IdentitySecret {
  readonly name: string;
  /** Leaf first. */
  readonly chainPem: string;
  readonly keyPem: string;
}

/** `version` tells one certificate from the next. */
export function encodeSecretResponse(secret: IdentitySecret, version: string): Uint8Array {
  const message = Secret.fromPartial({
    name: secret.name,
    type: {
      $case: "tlsCertificate",
      value: { certificateChain: inline(secret.chainPem), privateKey: inline(secret.keyPem) },
    },
  });
  return DiscoveryResponse.encode(
    DiscoveryResponse.fromPartial({
      typeUrl: `type.googleapis.com/${SECRET}`,
      versionInfo: version,
      nonce: version,
      resources: [toAny(SECRET, Secret, message)],
    }),
  ).finish();
}

export interface SecretRequest {
  readonly names: readonly string[];
  /** Why the response before was refused. */
  readonly error?: string;
}

/** Throws XdsError `malformed`. */
export function decodeSecretRequest(bytes: Uint8Array): SecretRequest {
  try {
    const { resourceNames, errorDetail } = DiscoveryRequest.decode(bytes);
    return {
      names: resourceNames,
      ...(errorDetail === undefined ? {} : { error: errorDetail.message }),
    };
  } catch (cause) {
    throw new XdsError(
      "malformed",
      `a request for secrets that cannot be read: ${asXdsError(cause).message}`,
      cause,
    );
  }
}

function inline(value: string) {
  return { specifier: { $case: "inlineString", value } } as const;
}
