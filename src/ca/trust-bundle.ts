import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Certificate, decodeCertificate, sameOctets } from "#core/spiffe/certificate.ts";
import { certificatesOfPem } from "#core/spiffe/der/pem.ts";
import { SpiffeError } from "#core/spiffe/spiffe-error.ts";
import { CaError } from "./ca-error.ts";
import { certificatePem } from "./root/authority.ts";
import { isCode, replaceFile, storageError } from "./root/private-file.ts";

/** Roots that are trusted beside the one that signs: the next one before its turn, old ones after it. */
const TRUSTED_ROOTS_FILE = "trusted-roots.pem";

/** The roots of the folder's list that are not over; none when there is no list. Throws CaError. */
export async function readTrustedRoots(
  folder: string,
  nowMs: number,
): Promise<readonly Certificate[]> {
  const path = join(folder, TRUSTED_ROOTS_FILE);
  try {
    const roots = certificatesOfPem(await readFile(path, "utf8")).map(decodeCertificate);
    return currentRoots(roots, nowMs);
  } catch (cause) {
    if (isCode(cause, "ENOENT")) return [];
    if (cause instanceof SpiffeError)
      throw new CaError("bad-ca-files", `${path}: ${cause.message}`, { cause });
    throw storageError(`cannot read ${path}`, cause);
  }
}

/** Adds a root to the folder's list, on disk before it resolves; a root already there changes nothing. */
export async function trustRoot(folder: string, root: Certificate, nowMs: number): Promise<void> {
  const roots = currentRoots([...(await readTrustedRoots(folder, nowMs)), root], nowMs);
  await writeTrustedRoots(folder, roots);
}

/** Takes a root from the folder's list: peers whose chains end there are refused from the next load on. */
export async function distrustRoot(
  folder: string,
  root: Certificate,
  nowMs: number,
): Promise<void> {
  const roots = await readTrustedRoots(folder, nowMs);
  await writeTrustedRoots(
    folder,
    roots.filter((other) => !sameOctets(other.der, root.der)),
  );
}

async function writeTrustedRoots(folder: string, roots: readonly Certificate[]): Promise<void> {
  const pem = roots.map(certificatePem).join("");
  await replaceFile(join(folder, TRUSTED_ROOTS_FILE), pem, 0o644);
}

/** Without repeats, and without roots that are over: an expired root verifies nothing. */
function currentRoots(roots: readonly Certificate[], nowMs: number): readonly Certificate[] {
  return roots.filter(
    (root, i) =>
      root.notAfterMs > nowMs && roots.findIndex((other) => sameOctets(other.der, root.der)) === i,
  );
}
