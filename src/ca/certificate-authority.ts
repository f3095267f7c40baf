import { createHash } from "node:crypto";
import type { Clock } from "#core/clock.ts";
import { encodePem } from "#core/spiffe/der/pem.ts";
import { readTrustDomain, trustDomainOf } from "#core/spiffe/spiffe-id.ts";
import { createTrustBundle, type TrustBundle } from "#core/spiffe/trust-bundle.ts";
import type { Attested } from "./attestation/attested.ts";
import { CaError } from "./ca-error.ts";
import { readCsr } from "./issuing/csr.ts";
import { RateLimit, type RateLimitOptions } from "./issuing/rate-limit.ts";
import {
  createServerCertificate,
  type ServerCertificate,
  type ServerNames,
} from "./issuing/server-certificate.ts";
import { signLeaf } from "./issuing/sign-leaf.ts";
import { type Lifetimes, planValidity, WORKLOAD_LIFETIMES } from "./issuing/validity.ts";
import { planWorkloadCertificate } from "./issuing/workload-certificate.ts";
import { type Authority, authorityValidity, certificatePem } from "./root/authority.ts";

export interface CertificateAuthorityOptions {
  readonly authority: Authority;
  readonly trustDomain: string;
  readonly clock: Clock;
  /** Cryptographically random octets. */
  readonly randomBytes: (count: number) => Uint8Array;
  /** For workloads; default 24 h, at most 90 days. */
  readonly lifetimes?: Lifetimes;
  readonly rateLimit?: RateLimitOptions;
}

export interface IssueRequest {
  /** One PEM `CERTIFICATE REQUEST`, at most 64 KiB. */
  readonly csrPem: string;
  readonly attested: Attested;
  /** 0 or absent: the default. Over the maximum: refused. Past the CA's own end: cut there. */
  readonly validitySeconds?: number;
  /** Whom to count the request against; default the identity. */
  readonly caller?: string;
}

export interface IssuedCertificate {
  /** Leaf, intermediates, root last. */
  readonly chainPem: readonly string[];
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

export interface CertificateAuthority {
  /** An X.509-SVID for the attested identity; throws CaError. */
  issue(request: IssueRequest): Promise<IssuedCertificate>;
  /** A key and certificate for a server of the control plane; throws CaError `bad-name` or `ca-expired`. */
  issueServerCertificate(names: ServerNames): ServerCertificate;
  /** What verifies peers: every root that is trusted now. */
  readonly bundle: TrustBundle;
  /** The same roots as PEM, one certificate after the other. */
  readonly rootsPem: string;
}

/** A CA over one authority. It keeps no state but the rate limit; a rotated root needs a new one. */
export function createCertificateAuthority(
  options: CertificateAuthorityOptions,
): CertificateAuthority {
  const { authority, clock, randomBytes } = options;
  const trustDomain = readTrustDomain(options.trustDomain);
  const lifetimes = options.lifetimes ?? WORKLOAD_LIFETIMES;
  const limit = new RateLimit(options.rateLimit);
  const rootsPem = authority.roots.map(certificatePem).join("");

  async function issue(request: IssueRequest): Promise<IssuedCertificate> {
    const { attested, csrPem, validitySeconds: seconds } = request;
    limit.take(request.caller ?? attested.id, clock.monotonicMs());
    if (trustDomainOf(attested.id) !== trustDomain)
      throw new CaError("foreign-identity", `${attested.id} is not of trust domain ${trustDomain}`);
    const csr = readCsr(csrPem);
    const leaf = planWorkloadCertificate(csr, attested.id);
    const nowMs = clock.wallMs();
    const window = planValidity(authorityValidity(authority), lifetimes, { seconds, nowMs });
    await attested.redeem(createHash("sha256").update(csr.publicKey.der).digest("base64url"));
    const der = signLeaf(authority, leaf, window, randomBytes);
    return { chainPem: chainPem(der, authority), ...window };
  }

  return {
    issue,
    issueServerCertificate: (names) => createServerCertificate(names, options),
    bundle: createTrustBundle({ trustDomain, rootsPem }),
    rootsPem,
  };
}

function chainPem(leaf: Uint8Array, { intermediates, roots }: Authority): readonly string[] {
  const above = [...intermediates, roots[0]].map(certificatePem);
  return [encodePem("CERTIFICATE", leaf), ...above];
}
