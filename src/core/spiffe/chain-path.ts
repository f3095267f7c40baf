import { type Certificate, isIssuedBy, sameOctets } from "./certificate.ts";
import { OID } from "./der/object-identifiers.ts";
import { KEY_USAGE } from "./extensions.ts";
import { SpiffeError } from "./spiffe-error.ts";
import { checkValidity } from "./validity.ts";

/** Signatures checked for one chain: cross-signed loops must not cost more than a handshake. */
const SIGNATURE_CHECKS_MAX = 16;

interface Search {
  readonly intermediates: readonly Certificate[];
  readonly roots: readonly Certificate[];
  readonly usage: string;
  readonly nowMs: number;
  checksLeft: number;
  /** Why the most promising way ended, for the message. */
  failure: SpiffeError;
}

/**
 * The certificates from `leaf` to one of `roots`, both included, each signed by the next, each issuer a valid CA with
 * room in its path length
 * and issuing for `usage` (an extended key usage's OID). Throws SpiffeError with the reason of the last way that was tried.
 */
export function buildPath(
  leaf: Certificate,
  intermediates: readonly Certificate[],
  roots: readonly Certificate[],
  { usage, nowMs }: { readonly usage: string; readonly nowMs: number },
): readonly Certificate[] {
  const failure = new SpiffeError(
    "unknown-issuer",
    "no chain to a root of its trust domain: another mesh's certificate, or a root was rotated away",
  );
  const search = { intermediates, roots, usage, nowMs, checksLeft: SIGNATURE_CHECKS_MAX, failure };
  const path = extend([leaf], search);
  if (path) return path;
  throw search.failure;
}

/** Depth first; the path never holds a certificate twice, so it ends. */
function extend(path: readonly Certificate[], search: Search): readonly Certificate[] | undefined {
  const last = path.at(-1);
  if (!last) return;
  for (const root of search.roots) if (mayIssue(root, last, path, search)) return [...path, root];
  for (const next of search.intermediates) {
    if (path.includes(next) || !mayIssue(next, last, path, search)) continue;
    const whole = extend([...path, next], search);
    if (whole) return whole;
  }
  return undefined;
}

/** Cheap checks first, the signature last; a refusal leaves its reason in the search. */
function mayIssue(
  issuer: Certificate,
  issued: Certificate,
  path: readonly Certificate[],
  search: Search,
): boolean {
  if (!sameOctets(issued.issuer, issuer.subject)) return false;
  try {
    checkIssuer(issuer, path, search);
  } catch (cause) {
    if (!(cause instanceof SpiffeError)) throw cause;
    search.failure = cause;
    return false;
  }
  if (search.checksLeft-- <= 0) {
    search.failure = new SpiffeError("too-large", "a chain with too many ways to try");
    return false;
  }
  if (isIssuedBy(issued, issuer)) return true;
  search.failure = new SpiffeError("bad-signature", "a signature that its issuer did not make");
  return false;
}

function checkIssuer(issuer: Certificate, path: readonly Certificate[], search: Search): void {
  const { basicConstraints, keyUsage, extendedKeyUsage, unknownCritical } = issuer.extensions;
  if (unknownCritical.length > 0)
    throw new SpiffeError("critical-extension", `an issuer has ${unknownCritical.join(", ")}`);
  if (!basicConstraints?.isCa)
    throw new SpiffeError("issuer-not-ca", "an issuer is no CA (basicConstraints)");
  if (keyUsage !== undefined && (keyUsage & KEY_USAGE.keyCertSign) === 0)
    throw new SpiffeError("issuer-not-ca", "an issuer may not sign certificates (keyUsage)");
  if (
    extendedKeyUsage &&
    ![search.usage, OID.anyExtendedKeyUsage].some((oid) => extendedKeyUsage.includes(oid))
  )
    throw new SpiffeError("extended-key-usage", "an issuer may not issue for this use");
  checkValidity(issuer, search.nowMs, "an issuer's certificate");
  // Certificates between this issuer and the leaf, those that issued themselves not counted (RFC 5280 section 4.2.1.9).
  const between = path.slice(1).filter(({ issuer: by, subject }) => !sameOctets(by, subject));
  if (basicConstraints.pathLength !== undefined && between.length > basicConstraints.pathLength)
    throw new SpiffeError(
      "path-too-long",
      `${between.length} intermediates where an issuer allows ${basicConstraints.pathLength}`,
    );
}
