import { type Certificate, decodeCertificate } from "#core/spiffe/certificate.ts";
import { certificatesOfPem } from "#core/spiffe/der/pem.ts";
import type { HeldIdentity } from "../identity/held-identity.ts";

const DAY_MS = 86_400_000;

/** Certificates in force, in the shape of Envoy's `/certs`; never a key. */
export function certificatesPage(
  held: HeldIdentity | undefined,
  rootsPem: readonly string[],
  nowMs: number,
): unknown {
  const chain = (held?.chainPem ?? []).flatMap(certificatesOfPem).map(decodeCertificate);
  const roots = rootsPem.flatMap(certificatesOfPem).map(decodeCertificate);
  const shown = (certificate: Certificate) => describe(certificate, nowMs);
  return { certificates: [{ ca_cert: roots.map(shown), cert_chain: chain.map(shown) }] };
}

function describe({ serial, extensions, notBeforeMs, notAfterMs }: Certificate, nowMs: number) {
  return {
    serial_number: Buffer.from(serial).toString("hex"),
    subject_alt_names: extensions.names.uris.map((uri) => ({ uri })),
    days_until_expiration: Math.max(0, Math.floor((notAfterMs - nowMs) / DAY_MS)),
    valid_from: new Date(notBeforeMs).toISOString(),
    expiration_time: new Date(notAfterMs).toISOString(),
    is_expired: nowMs > notAfterMs,
  };
}
