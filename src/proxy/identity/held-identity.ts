import { type Certificate, decodeCertificate, sameOctets } from "#core/spiffe/certificate.ts";
import { certificatesOfPem, encodePem } from "#core/spiffe/der/pem.ts";
import { SpiffeError } from "#core/spiffe/spiffe-error.ts";
import { readSpiffeId, type SpiffeId } from "#core/spiffe/spiffe-id.ts";
import type { WorkloadKey } from "#core/spiffe/workload-key.ts";

/** A key of ours with the certificate for it. */
export interface HeldIdentity {
  readonly id: SpiffeId;
  readonly key: WorkloadKey;
  /** Leaf first, then intermediates; no root. PEM. */
  readonly chainPem: readonly string[];
  /** The roots that came along: what to trust until the control plane says more. PEM. */
  readonly rootsPem: readonly string[];
  readonly leaf: Certificate;
  /** Wall time at which we got it. */
  readonly obtainedAtMs: number;
}

/** Puts an answer of the CA (leaf first, root last) beside its key. Throws SpiffeError when they do not belong together. */
export function holdIdentity(
  key: WorkloadKey,
  expected: SpiffeId,
  certificatesPem: readonly string[],
  nowMs: number,
): HeldIdentity {
  const certificates = certificatesPem.flatMap(certificatesOfPem).map(decodeCertificate);
  const [leaf] = certificates;
  if (leaf === undefined) throw new SpiffeError("no-certificate", "the CA answered without one");
  if (!sameOctets(leaf.publicKey.der, key.signing.publicKey.der))
    throw new SpiffeError("bad-key", "the certificate is for another key than ours");
  const [uri = "", ...more] = leaf.extensions.names.uris;
  const id = readSpiffeId(uri);
  if (id !== expected || more.length > 0)
    throw new SpiffeError("identity-mismatch", `the certificate names ${id}, we are ${expected}`);
  const pem = ({ der }: Certificate): string => encodePem("CERTIFICATE", der);
  const isRoot = (one: Certificate): boolean => sameOctets(one.issuer, one.subject);
  return {
    id,
    key,
    chainPem: certificates.filter((one) => one === leaf || !isRoot(one)).map(pem),
    rootsPem: certificates.filter((one) => one !== leaf && isRoot(one)).map(pem),
    leaf,
    obtainedAtMs: nowMs,
  };
}
