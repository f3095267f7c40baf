import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "#core/clock.ts";
import type { Issue } from "#core/issue.ts";
import { decodeCertificate } from "#core/spiffe/certificate.ts";
import { certificatesOfPem } from "#core/spiffe/der/pem.ts";
import { readPrivateKey } from "#core/spiffe/signing-key.ts";
import { SpiffeError } from "#core/spiffe/spiffe-error.ts";
import { CaError } from "../ca-error.ts";
import type { Authority, AuthoritySource } from "./authority.ts";
import { isCode, storageError } from "./private-file.ts";
import { readAuthority } from "./read-authority.ts";

/** Istio's names for a plugged-in CA. */
export const GIVEN_FILES = {
  root: "root-cert.pem",
  certificate: "ca-cert.pem",
  key: "ca-key.pem",
  chain: "cert-chain.pem",
} as const;

/** Their texts; undefined for a file that is not there. The chain may be absent when a root signed the CA itself. */
export type GivenTexts = Readonly<Record<keyof typeof GIVEN_FILES, string | undefined>>;

/** The CA that somebody else's PKI made, from Istio's four files in `folder`. */
export function givenFilesSource(folder: string, clock: Clock): AuthoritySource {
  const read = (name: keyof typeof GIVEN_FILES) => readIfThere(join(folder, GIVEN_FILES[name]));
  return {
    async load(): Promise<Authority> {
      const texts = {
        root: await read("root"),
        certificate: await read("certificate"),
        key: await read("key"),
        chain: await read("chain"),
      };
      return readGivenFiles(texts, clock.wallMs());
    },
  };
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    if (isCode(cause, "ENOENT")) return undefined;
    throw storageError(`cannot read ${path}`, cause);
  }
}

/** Throws CaError `bad-ca-files` with an issue for every file that cannot be used, or for how they do not fit together. */
export function readGivenFiles(texts: GivenTexts, nowMs: number): Authority {
  const issues: Issue[] = [];
  const part = <T>(name: keyof GivenTexts, read: (text: string) => T): T | undefined => {
    const text = texts[name];
    try {
      if (text !== undefined) return read(text);
      if (name !== "chain") issues.push(missing(name));
    } catch (cause) {
      issues.push(issueOf(name, cause));
    }
    return undefined;
  };
  const roots = part("root", (text) => someCertificates(text));
  const certificate = part("certificate", (text) => onlyCertificate(text));
  const privateKey = part("key", readPrivateKey);
  const chain = part("chain", (text) => someCertificates(text)) ?? [];
  if (!roots || !certificate || !privateKey || issues.length > 0) throw badFiles(issues);
  try {
    return readAuthority({ certificate, privateKey, chain, roots }, nowMs);
  } catch (cause) {
    throw badFiles([mismatch(cause)], cause);
  }
}

function someCertificates(text: string) {
  const certificates = certificatesOfPem(text).map(decodeCertificate);
  if (certificates.length > 0) return certificates;
  throw new SpiffeError("no-certificate", "there is no certificate in it");
}

function onlyCertificate(text: string) {
  const [certificate, ...more] = someCertificates(text);
  if (certificate && more.length === 0) return certificate;
  throw new SpiffeError(
    "malformed-certificate",
    `it has ${1 + more.length} certificates: the CA's own stands here alone, others go into ${GIVEN_FILES.chain}`,
  );
}

const missing = (name: keyof GivenTexts): Issue => ({
  path: GIVEN_FILES[name],
  code: "required",
  message: `${GIVEN_FILES[name]} is missing`,
});

function issueOf(name: keyof GivenTexts, cause: unknown): Issue {
  if (!(cause instanceof SpiffeError)) throw cause;
  const path = GIVEN_FILES[name];
  return { path, code: cause.code, message: `${path}: ${cause.message}` };
}

/** Each file is sound, so what is wrong lies between two of them. */
function mismatch(cause: unknown): Issue {
  if (!(cause instanceof SpiffeError)) throw cause;
  const { root, certificate, key, chain } = GIVEN_FILES;
  if (cause.code === "bad-key")
    return { path: key, code: "conflict", message: `${key} is not the key of ${certificate}` };
  if (cause.code === "unknown-issuer" || cause.code === "bad-signature")
    return {
      path: chain,
      code: "conflict",
      message: `${certificate} does not lead to ${root}: ${cause.message}; ${chain} must hold every certificate between them`,
    };
  return {
    path: certificate,
    code: cause.code,
    message: `${certificate} or above: ${cause.message}`,
  };
}

function badFiles(issues: readonly Issue[], cause?: unknown): CaError {
  const message = `CA files: ${issues.map((issue) => issue.message).join("; ")}`;
  return new CaError("bad-ca-files", message, { cause, issues });
}
