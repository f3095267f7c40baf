import { SvidVerifier } from "../../src/core/spiffe/svid-verifier.ts";
import { createTrustBundle } from "../../src/core/spiffe/trust-bundle.ts";
import type { SvidUse, VerifiedSvid } from "../../src/core/spiffe/verify-svid.ts";
import type { TlsCredentials } from "../../src/net/tls-context.ts";
import { type TestCertificate, testCa, testSvid } from "./certificates.ts";

const TRUST_DOMAIN = "cluster.local";
const valid = { notBeforeMs: Date.now() - 3600_000, notAfterMs: Date.now() + 3600_000 };

/** An authority with an intermediate, as the mesh has it, valid now. */
export interface MeshAuthority {
  readonly root: TestCertificate;
  /** Leaf and intermediate of `spiffe://cluster.local/ns/shop/sa/<account>`. */
  credentials(account: string): TlsCredentials;
  /** What a peer verifies with that believes this authority. */
  verify(use: SvidUse): (chainDer: readonly Uint8Array[]) => VerifiedSvid;
}

export function meshAuthority(): MeshAuthority {
  const root = testCa(valid);
  const intermediate = testCa({ ...valid, issuer: root, name: "intermediate" });
  const bundle = createTrustBundle({ trustDomain: TRUST_DOMAIN, rootsPem: root.pem });
  const verifier = new SvidVerifier(bundle);
  return {
    root,
    credentials: (account) => {
      const svid = testSvid(intermediate, spiffeIdOf(account), valid);
      return {
        certificateChainPem: svid.pem + intermediate.pem,
        privateKeyPem: svid.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
      };
    },
    verify: (use) => (chainDer) => verifier.verify(chainDer, use, Date.now()),
  };
}

export const spiffeIdOf = (account: string): string =>
  `spiffe://${TRUST_DOMAIN}/ns/shop/sa/${account}`;
