import { join } from "node:path";
import type { Clock } from "#core/clock.ts";
import type { Certificate } from "#core/spiffe/certificate.ts";
import { SpiffeError } from "#core/spiffe/spiffe-error.ts";
import { CaError } from "../ca-error.ts";
import { newRootText, OWN_ROOT_FILE, rootFileParts } from "../root/own-root.ts";
import { createPrivateFile, moveFile, readPrivateFile } from "../root/private-file.ts";
import { distrustRoot, trustRoot } from "../trust-bundle.ts";

const NEXT_ROOT_FILE = "next-root-ca.pem";

/*
 * A root is replaced in three steps, each of which a power cut may interrupt and a repetition finishes:
 *
 *   prepare   a next root exists and is trusted; the old one signs       wait until every proxy holds the bundle
 *   promote   the next root signs; the old one is trusted                wait until every certificate was renewed
 *   retire    the old root is trusted no more
 *
 * After each step the CA is loaded anew and its bundle distributed.
 */

/** Makes the next root, unless one waits already, and trusts it. Returns it. Throws CaError. */
export async function prepareRoot(
  folder: string,
  options: { readonly trustDomain: string; readonly clock: Clock },
): Promise<Certificate> {
  const nowMs = options.clock.wallMs();
  const path = join(folder, NEXT_ROOT_FILE);
  const text =
    (await readPrivateFile(path)) ??
    (await createPrivateFile(path, newRootText(options.trustDomain, nowMs)));
  const next = certificateOf(text, path);
  await trustRoot(folder, next, nowMs);
  return next;
}

/** Lets the next root sign, and goes on trusting the old one, which it returns. Throws CaError when none was prepared. */
export async function promoteRoot(folder: string, clock: Clock): Promise<Certificate> {
  const [activePath, nextPath] = [join(folder, OWN_ROOT_FILE), join(folder, NEXT_ROOT_FILE)];
  const active = await readPrivateFile(activePath);
  const next = await readPrivateFile(nextPath);
  if (active === undefined || next === undefined)
    throw new CaError("bad-ca-files", `${nextPath} is missing: prepare the next root first`);
  const old = certificateOf(active, activePath);
  certificateOf(next, nextPath);
  await trustRoot(folder, old, clock.wallMs()); // before the switch: nobody may be left without a trusted root
  await moveFile(nextPath, activePath);
  return old;
}

/** Stops trusting an old root. Throws CaError for the root that signs now. */
export async function retireRoot(folder: string, old: Certificate, clock: Clock): Promise<void> {
  const path = join(folder, OWN_ROOT_FILE);
  const active = certificateOf((await readPrivateFile(path)) ?? "", path);
  if (Buffer.from(active.der).equals(old.der))
    throw new CaError("bad-ca-files", "the root that signs now cannot be retired: promote another");
  await distrustRoot(folder, old, clock.wallMs());
}

function certificateOf(text: string, path: string): Certificate {
  try {
    return rootFileParts(text).certificate;
  } catch (cause) {
    if (!(cause instanceof SpiffeError)) throw cause;
    throw new CaError("bad-ca-files", `${path}: ${cause.message}`, { cause });
  }
}
