// An authority for tests over real TLS: a root, an intermediate, and workloads' leaves below it.
import { X509Certificate } from "node:crypto";
import { testCa, testSvid } from "./certificates.ts";

export interface TestIdentity {
  /** Leaf first, then the intermediate. */
  readonly chainPem: string;
  readonly keyPem: string;
}

export interface TestAuthority {
  readonly rootPem: string;
  /** A leaf for `spiffe://cluster.local/ns/<namespace>/sa/<account>`. */
  issue(namespace: string, account: string): TestIdentity;
  /** Who a chain proves to be, by this authority's root; throws when it proves nothing. */
  verify(chainDer: readonly Uint8Array[]): {
    readonly trustDomain: string;
    readonly namespace: string;
    readonly serviceAccount: string;
  };
}

export function makeAuthority(name = "test root"): TestAuthority {
  const root = testCa({ name, ...lifetime() });
  const middle = testCa({ name: `${name} intermediate`, issuer: root, ...lifetime() });
  return {
    rootPem: root.pem,
    issue(namespace, account) {
      const id = `spiffe://cluster.local/ns/${namespace}/sa/${account}`;
      const leaf = testSvid(middle, id, lifetime());
      return {
        chainPem: leaf.pem + middle.pem,
        keyPem: leaf.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
      };
    },
    verify: (chain) => verifyChain(new X509Certificate(root.pem), chain),
  };
}

function verifyChain(root: X509Certificate, chain: readonly Uint8Array[]) {
  const certificates = chain.map((der) => new X509Certificate(der));
  for (const [i, certificate] of certificates.entries())
    if (!certificate.verify((certificates[i + 1] ?? root).publicKey))
      throw new Error("signed by nobody we know");
  const names = certificates[0]?.subjectAltName ?? "";
  const uri = /spiffe:\/\/([^/]+)\/ns\/([^/]+)\/sa\/([^/,]+)/.exec(names);
  const [, trustDomain = "", namespace = "", serviceAccount = ""] = uri ?? [];
  if (serviceAccount === "") throw new Error("it names no workload");
  return { trustDomain, namespace, serviceAccount };
}

function lifetime(): { notBeforeMs: number; notAfterMs: number } {
  const hourMs = 3_600_000;
  return { notBeforeMs: Date.now() - hourMs, notAfterMs: Date.now() + 24 * hourMs };
}
