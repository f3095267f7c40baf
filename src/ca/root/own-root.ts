import { generateKeyPairSync, randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Clock } from "#core/clock.ts";
import { type Certificate, decodeCertificate } from "#core/spiffe/certificate.ts";
import { decodePem, encodePem } from "#core/spiffe/der/pem.ts";
import { readPrivateKey } from "#core/spiffe/signing-key.ts";
import { SpiffeError } from "#core/spiffe/spiffe-error.ts";
import { CaError } from "../ca-error.ts";
import { serialNumber } from "../issuing/sign-leaf.ts";
import { readTrustedRoots } from "../trust-bundle.ts";
import { type Authority, type AuthoritySource, certificatePem, selfSignRoot } from "./authority.ts";
import { createPrivateFile, readPrivateFile, replaceFile } from "./private-file.ts";
import { readAuthority } from "./read-authority.ts";

/** Key and certificate of the root in one file, so that no power cut can part them. */
export const OWN_ROOT_FILE = "root-ca.pem";
/** The certificate alone, for anybody to read and copy to other hosts. */
export const ROOT_CERTIFICATE_FILE = "root-cert.pem";

/**
 * A CA of our own in `folder`: an ECDSA P-256 root of ten years that is made at the first load and signs workload certificates
 * itself. A damaged file is reported and never replaced. Roots of `trusted-roots.pem` beside it are trusted too.
 */
export function ownRootSource(
  folder: string,
  options: { readonly trustDomain: string; readonly clock: Clock },
): AuthoritySource {
  const path = join(folder, OWN_ROOT_FILE);
  return {
    async load(): Promise<Authority> {
      const nowMs = options.clock.wallMs();
      const text =
        (await readPrivateFile(path)) ??
        (await createPrivateFile(path, newRootText(options.trustDomain, nowMs)));
      const trusted = await readTrustedRoots(folder, nowMs);
      const authority = readOwnRoot(text, trusted, { path, nowMs });
      const pem = authority.roots.map(certificatePem).join("");
      await replaceFile(join(folder, ROOT_CERTIFICATE_FILE), pem, 0o644);
      return authority;
    },
  };
}

/** The text of a root file with a new key. */
export function newRootText(trustDomain: string, nowMs: number): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const serial = serialNumber(randomBytes);
  const root = selfSignRoot(privateKey, { trustDomain, serial, nowMs });
  return certificatePem(root) + privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

function readOwnRoot(
  text: string,
  trusted: readonly Certificate[],
  at: { readonly path: string; readonly nowMs: number },
): Authority {
  try {
    const { certificate, keyPem } = rootFileParts(text);
    return readAuthority(
      {
        certificate,
        privateKey: readPrivateKey(keyPem),
        chain: [],
        roots: [certificate, ...trusted],
      },
      at.nowMs,
    );
  } catch (cause) {
    if (!(cause instanceof SpiffeError)) throw cause;
    throw new CaError(
      "bad-ca-files",
      `${at.path}: ${cause.message}; bring it back from a copy, or move it away to begin with a new root`,
      { cause },
    );
  }
}

/** Throws SpiffeError when the text is not one certificate and one key. */
export function rootFileParts(text: string): {
  readonly certificate: Certificate;
  readonly keyPem: string;
} {
  const blocks = decodePem(text);
  const certificate = blocks.find(({ label }) => label === "CERTIFICATE");
  const key = blocks.find(({ label }) => label === "PRIVATE KEY");
  if (!certificate || !key || blocks.length !== 2)
    throw new SpiffeError("malformed-certificate", "needs one certificate and one private key");
  return { certificate: decodeCertificate(certificate.der), keyPem: encodePem(key.label, key.der) };
}
