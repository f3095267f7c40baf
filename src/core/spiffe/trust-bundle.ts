import { type Certificate, decodeCertificate, sameOctets } from "./certificate.ts";
import { certificatesOfPem } from "./der/pem.ts";
import { KEY_USAGE } from "./extensions.ts";
import { SpiffeError } from "./spiffe-error.ts";
import { readTrustDomain, type TrustDomain } from "./spiffe-id.ts";

/** The roots that this process believes, by trust domain. Immutable: a changed bundle is a new value. */
export interface TrustBundle {
  /** Our own trust domain. */
  readonly trustDomain: TrustDomain;
  readonly roots: ReadonlyMap<TrustDomain, readonly Certificate[]>;
}

export interface TrustBundleSource {
  readonly trustDomain: string;
  /** Roots of our own trust domain: one or more PEM certificates. During a root rotation the old and the new. */
  readonly rootsPem: string;
  /** Federated trust domains, and aliases of our own. */
  readonly federated?: readonly { readonly trustDomain: string; readonly rootsPem: string }[];
}

const ROOTS_MAX = 64;

/** Reads and checks the roots; throws SpiffeError `bad-bundle`, `malformed-id` or the reader's code. */
export function createTrustBundle(source: TrustBundleSource): TrustBundle {
  const trustDomain = readTrustDomain(source.trustDomain);
  const roots = new Map<TrustDomain, Certificate[]>();
  for (const entry of [source, ...(source.federated ?? [])]) {
    const domain = readTrustDomain(entry.trustDomain);
    const known = roots.get(domain) ?? [];
    roots.set(domain, withoutRepeats([...known, ...readRoots(entry.rootsPem, domain)]));
  }
  return { trustDomain, roots };
}

function readRoots(pem: string, domain: TrustDomain): readonly Certificate[] {
  const roots = certificatesOfPem(pem).map(decodeCertificate);
  if (roots.length === 0 || roots.length > ROOTS_MAX)
    throw badBundle(domain, `needs 1 to ${ROOTS_MAX} root certificates, has ${roots.length}`);
  for (const { extensions } of roots) {
    const usage = extensions.keyUsage ?? KEY_USAGE.keyCertSign;
    if (!extensions.basicConstraints?.isCa || (usage & KEY_USAGE.keyCertSign) === 0)
      throw badBundle(domain, "has a root that is no CA certificate");
  }
  return roots;
}

const withoutRepeats = (roots: readonly Certificate[]): Certificate[] =>
  roots.filter((root, i) => roots.findIndex((other) => sameOctets(other.der, root.der)) === i);

const badBundle = (domain: string, what: string): SpiffeError =>
  new SpiffeError("bad-bundle", `the trust bundle of ${domain} ${what}`);
