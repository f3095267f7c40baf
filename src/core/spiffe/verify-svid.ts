import { createHash } from "node:crypto";
import { CERTIFICATE_BYTES_MAX, type Certificate, decodeCertificate } from "./certificate.ts";
import { buildPath } from "./chain-path.ts";
import { OID } from "./der/object-identifiers.ts";
import { KEY_USAGE } from "./extensions.ts";
import { SpiffeError } from "./spiffe-error.ts";
import {
  pathOf,
  readSpiffeId,
  type SpiffeId,
  trustDomainOf,
  type WorkloadIdentity,
  workloadIdentityOf,
} from "./spiffe-id.ts";
import type { TrustBundle } from "./trust-bundle.ts";
import { checkValidity } from "./validity.ts";

/** What the peer is in this connection: a `client` of ours must show a certificate for clients. */
export type SvidUse = "client" | "server";

/** A peer whose whole chain was checked. */
export interface VerifiedSvid {
  readonly id: SpiffeId;
  /** Set when the ID has Istio's form. */
  readonly identity: WorkloadIdentity | undefined;
  /** Lower-case hex of the leaf's serial number. */
  readonly serial: string;
  /** Lower-case hex SHA-256 of the leaf's DER, as `x-forwarded-client-cert` has it. */
  readonly fingerprint: string;
  /** The window in which every certificate of the path is valid, root included. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** Leaf and intermediates; a longer chain is an attack or a mistake. */
export const CHAIN_LENGTH_MAX = 8;
export const CHAIN_BYTES_MAX = 4 * CERTIFICATE_BYTES_MAX;

const USAGE_OID: Readonly<Record<SvidUse, string>> = {
  client: OID.clientAuth,
  server: OID.serverAuth,
};

/**
 * Checks a peer's certificates (leaf first, intermediates in any order, roots ignored) by the X.509-SVID
 * specification, section 5, and RFC 5280 section 6. `nowMs` is wall time; both ends of a validity allow CLOCK_SKEW_MS.
 * Throws SpiffeError and nothing else, whatever the octets.
 */
export function verifySvid(
  chainDer: readonly Uint8Array[],
  bundle: TrustBundle,
  use: SvidUse,
  nowMs: number,
): VerifiedSvid {
  const [leaf, ...intermediates] = decodeChain(chainDer);
  if (!leaf) throw new SpiffeError("no-certificate", "the peer showed no certificate");
  const id = checkLeaf(leaf, use);
  checkValidity(leaf, nowMs, `the certificate of ${id}`);
  const roots = bundle.roots.get(trustDomainOf(id));
  if (!roots)
    throw new SpiffeError(
      "untrusted-domain",
      `${id} is of a trust domain that is neither ${bundle.trustDomain} nor federated with it`,
    );
  const path = buildPath(leaf, intermediates, roots, { usage: USAGE_OID[use], nowMs });
  return {
    id,
    identity: workloadIdentityOf(id),
    serial: serialHex(leaf),
    fingerprint: createHash("sha256").update(leaf.der).digest("hex"),
    notBeforeMs: Math.max(...path.map((certificate) => certificate.notBeforeMs)),
    notAfterMs: Math.min(...path.map((certificate) => certificate.notAfterMs)),
  };
}

function decodeChain(chainDer: readonly Uint8Array[]): readonly Certificate[] {
  const sizeBytes = chainDer.reduce((sum, der) => sum + der.length, 0);
  if (chainDer.length > CHAIN_LENGTH_MAX || sizeBytes > CHAIN_BYTES_MAX)
    throw new SpiffeError(
      "too-large",
      `a chain of ${chainDer.length} certificates and ${sizeBytes} bytes; at most ${CHAIN_LENGTH_MAX} and ${CHAIN_BYTES_MAX}`,
    );
  return chainDer.map(decodeCertificate);
}

/** The rules of the X.509-SVID specification that concern the leaf alone. */
function checkLeaf(leaf: Certificate, use: SvidUse): SpiffeId {
  const { names, basicConstraints, unknownCritical } = leaf.extensions;
  const [uri = ""] = names.uris;
  if (names.uris.length !== 1)
    throw new SpiffeError(
      "uri-san-count",
      `a certificate with ${names.uris.length} URI names; an SVID has exactly one`,
    );
  const id = readSpiffeId(uri);
  if (pathOf(id) === "")
    throw new SpiffeError("malformed-id", `${id} names a trust domain, not a workload`);
  if (unknownCritical.length > 0)
    throw new SpiffeError("critical-extension", `${id} has ${unknownCritical.join(", ")}`);
  if (basicConstraints?.isCa)
    throw new SpiffeError("leaf-is-ca", `the certificate of ${id} has CA rights`);
  checkKeyUsage(leaf, id);
  checkExtendedKeyUsage(leaf, id, use);
  return id;
}

function checkKeyUsage({ extensions }: Certificate, id: SpiffeId): void {
  const usage = extensions.keyUsage ?? 0;
  if ((usage & KEY_USAGE.digitalSignature) === 0)
    throw new SpiffeError("key-usage", `the certificate of ${id} may not sign (digitalSignature)`);
  if ((usage & (KEY_USAGE.keyCertSign | KEY_USAGE.crlSign)) !== 0)
    throw new SpiffeError("key-usage", `the certificate of ${id} has keyCertSign or cRLSign`);
}

/** Absent means unrestricted (RFC 5280 section 4.2.1.12); the SVID specification allows that. */
function checkExtendedKeyUsage({ extensions }: Certificate, id: SpiffeId, use: SvidUse): void {
  const allowed = extensions.extendedKeyUsage;
  if (!allowed || allowed.includes(USAGE_OID[use]) || allowed.includes(OID.anyExtendedKeyUsage))
    return;
  throw new SpiffeError("extended-key-usage", `the certificate of ${id} is not for a ${use}`);
}

export function serialHex(certificate: Certificate): string {
  return Array.from(certificate.serial, (octet) => octet.toString(16).padStart(2, "0")).join("");
}
