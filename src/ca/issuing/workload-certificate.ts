import { OID } from "#core/spiffe/der/object-identifiers.ts";
import { encodeName } from "#core/spiffe/encode-certificate.ts";
import { encodeExtendedKeyUsage, encodeSubjectAltNames } from "#core/spiffe/encode-extensions.ts";
import { SpiffeError } from "#core/spiffe/spiffe-error.ts";
import { readSpiffeId, type SpiffeId } from "#core/spiffe/spiffe-id.ts";
import { CaError } from "../ca-error.ts";
import type { Csr } from "./csr.ts";
import type { LeafPlan } from "./sign-leaf.ts";

/**
 * What a caller that proved to be `id` gets for its request. The name is the caller's own: a request for any other name is
 * refused (`foreign-identity`), one for CA rights too (`csr-asks-for-ca`); usages that it asks for are ignored.
 */
export function planWorkloadCertificate(csr: Csr, id: SpiffeId): LeafPlan {
  refuseOtherNames(csr, id);
  if (csr.asks.basicConstraints?.isCa)
    throw new CaError("csr-asks-for-ca", `${id} asks for a certificate with CA rights`);
  return {
    publicKey: csr.publicKey,
    subject: encodeName({}),
    extensions: [
      encodeExtendedKeyUsage([OID.serverAuth, OID.clientAuth]),
      encodeSubjectAltNames({ uris: [id] }, true),
    ],
  };
}

function refuseOtherNames({ asks }: Csr, id: SpiffeId): void {
  const { uris, dnsNames, ipAddresses, others } = asks.names;
  for (const uri of uris)
    if (!isSame(uri, id))
      throw new CaError(
        "foreign-identity",
        `${id} asks for the name ${uri}; it may have only its own`,
      );
  const rest = dnsNames.length + ipAddresses.length + others;
  if (rest > 0)
    throw new CaError(
      "foreign-identity",
      `${id} asks for ${rest} names besides its SPIFFE ID (${dnsNames.slice(0, 3).join(", ") || "addresses or others"})`,
    );
}

function isSame(uri: string, id: SpiffeId): boolean {
  try {
    return readSpiffeId(uri) === id;
  } catch (cause) {
    if (cause instanceof SpiffeError) return false;
    throw cause;
  }
}
