// The mesh's certificate authority, opened from the data directory, and the questions that the rest of the control plane
// asks it: who is this peer, sign this request, make a token.
import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { attestPeer } from "#ca/attestation/by-certificate.ts";
import { openFileLedger } from "#ca/attestation/file-ledger.ts";
import {
  createJoinTokens,
  type JoinToken,
  type JoinTokenGrant,
} from "#ca/attestation/join-token.ts";
import { loadTokenKey } from "#ca/attestation/token-key.ts";
import { CaError } from "#ca/ca-error.ts";
import {
  type CertificateAuthority,
  createCertificateAuthority,
} from "#ca/certificate-authority.ts";
import { CONTROL_PLANE_NAMES } from "#ca/issuing/server-certificate.ts";
import { authorityValidity } from "#ca/root/authority.ts";
import { givenFilesSource } from "#ca/root/given-files.ts";
import { ownRootSource } from "#ca/root/own-root.ts";
import { RotatingServerCertificate } from "#ca/rotation/rotating-server-certificate.ts";
import type { Clock } from "#core/clock.ts";
import { SvidVerifier } from "#core/spiffe/svid-verifier.ts";
import type { PeerIdentity } from "#xds/server/peer-identity.ts";
import type { DataDirectory } from "./data-directory.ts";

export interface MeshIdentityOptions {
  readonly directory: DataDirectory;
  readonly trustDomain: string;
  /** Folder with Istio's four CA files; absent: a root of our own. */
  readonly caFiles?: string;
  /** Further names and addresses that the control plane is reached by. */
  readonly extraNames: readonly string[];
  readonly extraAddresses: readonly string[];
  readonly clock: Clock;
  readonly random: () => number;
}

/** A request for a workload certificate, with what the caller showed to prove who it is. */
export interface SigningRequest {
  readonly csrPem: string;
  readonly validitySeconds?: number;
  /** Bearer token, when it sent one. */
  readonly bearer?: string;
  /** What its client certificate proved by `verifyPeer`, when it showed one. */
  readonly peer?: PeerIdentity;
}

export interface MeshIdentity extends AsyncDisposable {
  readonly authority: CertificateAuthority;
  readonly serverCertificate: RotatingServerCertificate;
  readonly rootExpiresAtMs: number;
  /** Who a peer is by its certificate. Throws SpiffeError. */
  verifyPeer(chainDer: readonly Uint8Array[]): PeerIdentity;
  /** Leaf, intermediates, root last. Throws CaError. */
  sign(request: SigningRequest): Promise<readonly string[]>;
  /** Throws CaError. */
  createToken(grant: JoinTokenGrant): Promise<JoinToken>;
}

/** Throws CaError when the files of the CA are damaged, do not fit together or cannot be written. */
export async function openMeshIdentity(options: MeshIdentityOptions): Promise<MeshIdentity> {
  const { directory, trustDomain, caFiles, clock, random } = options;
  mkdirSync(directory.ca, { recursive: true, mode: 0o700 });
  mkdirSync(directory.tokens, { recursive: true, mode: 0o700 });
  const source =
    caFiles === undefined
      ? ownRootSource(directory.ca, { trustDomain, clock })
      : givenFilesSource(caFiles, clock);
  const root = await source.load();
  const authority = createCertificateAuthority({
    authority: root,
    trustDomain,
    clock,
    randomBytes,
  });
  const serverCertificate = new RotatingServerCertificate(
    authority,
    {
      dnsNames: [...CONTROL_PLANE_NAMES.dnsNames, ...options.extraNames],
      ipAddresses: [...CONTROL_PLANE_NAMES.ipAddresses, ...options.extraAddresses],
    },
    { clock, random },
  );
  const ledger = await openFileLedger(join(directory.tokens, "redeemed"), clock);
  const key = await loadTokenKey(join(directory.tokens, "signing-key.pem"));
  const tokens = createJoinTokens({ trustDomain, key, ledger, clock, randomBytes });
  /** A token says whom the caller wants to become; without one it may only renew what it is. */
  const attest = async (proof: { bearer: string | undefined; peer: PeerIdentity | undefined }) => {
    if (proof.bearer !== undefined) return await tokens.attest(proof.bearer);
    if (proof.peer !== undefined) return attestPeer(proof.peer);
    throw new CaError("no-attestation", "neither a join token nor a client certificate was shown");
  };
  const verifier = new SvidVerifier(authority.bundle);

  return {
    authority,
    serverCertificate,
    rootExpiresAtMs: authorityValidity(root).notAfterMs,
    verifyPeer(chainDer) {
      const { id, identity } = verifier.verify(chainDer, "client", clock.wallMs());
      if (identity) return identity;
      throw new CaError("foreign-identity", `${id} names no service account`);
    },
    async sign({ csrPem, validitySeconds, bearer, peer }) {
      const attested = await attest({ bearer, peer });
      const asked = validitySeconds === undefined ? {} : { validitySeconds };
      return (await authority.issue({ csrPem, attested, ...asked })).chainPem;
    },
    createToken: (grant) => tokens.create(grant),
    [Symbol.asyncDispose]: () => ledger[Symbol.asyncDispose](),
  };
}
