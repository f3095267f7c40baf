// Identities for the proxies of other makers, from the CA's own code, as the mesh's workloads have them: ECDSA P-256, a
// SPIFFE ID; and a DNS name besides, which is all that nginx and HAProxy can compare.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { OID } from "#core/spiffe/der/object-identifiers.ts";
import { encodeSubjectAltNames } from "#core/spiffe/encode-extensions.ts";
import { type TestCertificate, testCa, testSvid } from "../../test/support/certificates.ts";

const DAY_MS = 86_400_000;

/** PEM files with which a client gets through a mutual-TLS listener. */
export interface PeerFiles {
  readonly certificate: string;
  readonly key: string;
  readonly roots: string;
  /** For SNI; whom the certificate has to be for. */
  readonly serverName: string;
}

export interface PeerCertificate {
  /** PEM files; `both` holds the certificate and its key. */
  readonly certificate: string;
  readonly key: string;
  readonly both: string;
  readonly name: string;
  readonly spiffeId: string;
}

export interface PeerCertificates {
  readonly roots: string;
  readonly client: PeerCertificate;
  readonly server: PeerCertificate;
}

/** Writes them as files into the folder. */
export function writePeerCertificates(folder: string): PeerCertificates {
  const nowMs = Date.now();
  const window = { notBeforeMs: nowMs - DAY_MS, notAfterMs: nowMs + DAY_MS };
  const root = testCa({ name: "bench root", ...window });
  const roots = join(folder, "roots.pem");
  writeFileSync(roots, root.pem);
  const leaf = (account: string): PeerCertificate => {
    const id = `spiffe://cluster.local/ns/bench/sa/${account}`;
    const name = `${account}.bench.svc.cluster.local`;
    const names = encodeSubjectAltNames({ uris: [id], dnsNames: [name] }, true);
    const made = testSvid(root, id, { extensions: { [OID.subjectAltName]: names }, ...window });
    return { name, spiffeId: id, ...writePem(folder, account, made) };
  };
  return { roots, client: leaf("client"), server: leaf("server") };
}

function writePem(folder: string, stem: string, { pem, privateKey }: TestCertificate) {
  const keyPem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const [certificate, key, both] = ["crt", "key", "pem"].map((end) =>
    join(folder, `${stem}.${end}`),
  ) as [string, string, string];
  writeFileSync(certificate, pem);
  writeFileSync(key, keyPem, { mode: 0o600 });
  writeFileSync(both, pem + keyPem, { mode: 0o600 });
  return { certificate, key, both };
}

/** What a client of the pair's second hop shows and believes. */
export const clientFiles = ({ roots, client, server }: PeerCertificates): PeerFiles => ({
  certificate: client.certificate,
  key: client.key,
  roots,
  serverName: server.name,
});
