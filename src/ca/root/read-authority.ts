import type { KeyObject } from "node:crypto";
import { type Certificate, decodeCertificate, sameOctets } from "#core/spiffe/certificate.ts";
import { buildPath } from "#core/spiffe/chain-path.ts";
import { OID } from "#core/spiffe/der/object-identifiers.ts";
import { encodeName } from "#core/spiffe/encode-certificate.ts";
import { createSigningKey } from "#core/spiffe/signing-key.ts";
import { SpiffeError } from "#core/spiffe/spiffe-error.ts";
import { createWorkloadKey } from "#core/spiffe/workload-key.ts";
import { signLeaf } from "../issuing/sign-leaf.ts";
import type { Authority } from "./authority.ts";

export interface AuthorityParts {
  readonly certificate: Certificate;
  readonly privateKey: KeyObject;
  /** Certificates between the signing one and a root, in any order; more than needed is harmless. */
  readonly chain: readonly Certificate[];
  readonly roots: readonly Certificate[];
}

/**
 * Puts an authority together and tries it: it signs a certificate, and that must verify up to one of the roots as every
 * proxy will do it, for both sides of a connection. Throws SpiffeError that says what does not fit.
 */
export function readAuthority(parts: AuthorityParts, nowMs: number): Authority {
  const { certificate, chain } = parts;
  const signing = createSigningKey(parts.privateKey);
  if (!sameOctets(signing.publicKey.der, certificate.publicKey.der))
    throw new SpiffeError("bad-key", "the private key is not that of the CA's certificate");
  const [first, ...others] = parts.roots;
  if (!first) throw new SpiffeError("bad-bundle", "there is no root certificate");
  const untried: Authority = {
    certificate,
    signing,
    intermediates: [],
    roots: [first, ...others],
  };
  const trial = trialLeaf(untried, nowMs);
  const below = [certificate, ...chain];
  buildPath(trial, below, parts.roots, { usage: OID.clientAuth, nowMs });
  const path = buildPath(trial, below, parts.roots, { usage: OID.serverAuth, nowMs });
  const root = path.at(-1) ?? first;
  return {
    certificate,
    signing,
    intermediates: path.slice(1, -1),
    roots: [root, ...parts.roots.filter((other) => !sameOctets(other.der, root.der))],
  };
}

/** It lives for the length of this check and leaves the process nowhere. */
function trialLeaf(authority: Authority, nowMs: number): Certificate {
  const leaf = {
    publicKey: createWorkloadKey().signing.publicKey,
    subject: encodeName({ commonName: "trial" }),
    extensions: [],
  };
  const window = { notBeforeMs: nowMs, notAfterMs: nowMs };
  return decodeCertificate(signLeaf(authority, leaf, window, () => Uint8Array.of(1)));
}
