import { decodeCertificate } from "#core/spiffe/certificate.ts";
import { buildPath } from "#core/spiffe/chain-path.ts";
import { OID } from "#core/spiffe/der/object-identifiers.ts";
import { certificatesOfPem } from "#core/spiffe/der/pem.ts";
import { SpiffeError } from "#core/spiffe/spiffe-error.ts";
import { checkValidity } from "#core/spiffe/validity.ts";

/** Whether the server is our control plane: its chain leads to one of our roots and it has the name. Throws SpiffeError. */
export function verifyControlPlane(
  chainDer: readonly Uint8Array[],
  expected: { readonly rootsPem: string; readonly serverName: string },
  nowMs: number,
): void {
  const [leaf, ...intermediates] = chainDer.map(decodeCertificate);
  if (leaf === undefined)
    throw new SpiffeError("no-certificate", "the server showed no certificate");
  const { dnsNames } = leaf.extensions.names;
  const { serverName } = expected;
  if (!dnsNames.includes(serverName))
    throw new SpiffeError(
      "identity-mismatch",
      `the server is ${dnsNames.join(", ") || "nameless"}, expected ${serverName}`,
    );
  if (leaf.extensions.extendedKeyUsage?.includes(OID.serverAuth) === false)
    throw new SpiffeError(
      "extended-key-usage",
      `the certificate of ${serverName} is not for servers`,
    );
  checkValidity(leaf, nowMs, `the certificate of ${serverName}`);
  const roots = certificatesOfPem(expected.rootsPem).map(decodeCertificate);
  buildPath(leaf, intermediates, roots, { usage: OID.serverAuth, nowMs });
}
