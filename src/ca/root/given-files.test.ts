import { describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { OID } from "#core/spiffe/der/object-identifiers.ts";
import { certificatesOfPem } from "#core/spiffe/der/pem.ts";
import { encodeBasicConstraints } from "#core/spiffe/encode-extensions.ts";
import { readSpiffeId } from "#core/spiffe/spiffe-id.ts";
import { verifySvid } from "#core/spiffe/verify-svid.ts";
import { createCsr, createWorkloadKey } from "#core/spiffe/workload-key.ts";
import {
  TEST_NOW_MS as NOW,
  type TestCertificate,
  testCa,
  testSvid,
} from "../../../test/support/certificates.ts";
import { openssl } from "../../../test/support/openssl.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { CaError } from "../ca-error.ts";
import { createCertificateAuthority } from "../certificate-authority.ts";
import { GIVEN_FILES, type GivenTexts, givenFilesSource, readGivenFiles } from "./given-files.ts";

const keyOf = ({ privateKey }: TestCertificate) =>
  privateKey.export({ type: "pkcs8", format: "pem" }).toString();

const root = testCa({ name: "corporate root" });
const policy = testCa({ name: "policy", issuer: root });
const mesh = testCa({ name: "mesh", issuer: policy });
const good: GivenTexts = {
  root: root.pem,
  certificate: mesh.pem,
  key: keyOf(mesh),
  chain: mesh.pem + policy.pem + root.pem,
};

function issuesOf(texts: Partial<GivenTexts>): readonly string[] {
  try {
    readGivenFiles({ ...good, ...texts }, NOW);
    return [];
  } catch (error) {
    if (error instanceof CaError) return error.issues.map(({ path, code }) => `${path} ${code}`);
    throw error;
  }
}

describe("a CA given as Istio's four files", () => {
  test("issues chains of leaf, intermediates and root that verify", async () => {
    const clock = { wallMs: () => NOW, monotonicMs: () => 0 };
    const authority = readGivenFiles(good, NOW);
    const ca = createCertificateAuthority({ authority, trustDomain: "td", clock, randomBytes });
    const id = readSpiffeId("spiffe://td/ns/shop/sa/web");
    const attested = { by: "token", id, redeem: () => Promise.resolve() } as const;
    const { chainPem, notAfterMs } = await ca.issue({
      csrPem: createCsr(createWorkloadKey(), id),
      attested,
    });
    expect(chainPem.slice(1)).toEqual([mesh.pem, policy.pem, root.pem]);
    const chain = chainPem.flatMap((pem) => certificatesOfPem(pem));
    expect(verifySvid(chain, ca.bundle, "client", NOW).id).toBe(id);
    expect(notAfterMs).toBe(NOW + 3600_000); // the CA's own end, before the default day
  });

  test("may be signed by the root itself, or be the root, with no chain file", () => {
    const direct = testCa({ name: "direct", issuer: root });
    const files = { certificate: direct.pem, key: keyOf(direct), chain: undefined };
    expect(readGivenFiles({ ...good, ...files }, NOW).intermediates).toHaveLength(1);
    const self = { certificate: root.pem, key: keyOf(root), chain: undefined };
    expect(readGivenFiles({ ...good, ...self }, NOW).intermediates).toHaveLength(0);
  });

  test("may bring several roots, of which its own ends the chain", () => {
    const next = testCa({ name: "next root" });
    const authority = readGivenFiles({ ...good, root: next.pem + root.pem }, NOW);
    expect(authority.roots.map(({ der }) => der)).toEqual([root.der, next.der]);
  });

  test("is refused with every file that is missing or cannot be read, all at once", () => {
    expect(issuesOf({ root: undefined, key: undefined })).toEqual([
      "root-cert.pem required",
      "ca-key.pem required",
    ]);
    expect(
      issuesOf({ root: "", certificate: policy.pem + mesh.pem, key: "x", chain: "-----BEGIN X" }),
    ).toEqual([
      "root-cert.pem no-certificate",
      "ca-cert.pem malformed-certificate",
      "ca-key.pem bad-key",
      "cert-chain.pem malformed-certificate",
    ]);
  });

  test("is refused when its files do not belong together, naming which", () => {
    expect(issuesOf({ key: keyOf(policy) })).toEqual(["ca-key.pem conflict"]);
    expect(issuesOf({ root: testCa({ name: "corporate root" }).pem })).toEqual([
      "cert-chain.pem conflict",
    ]);
    expect(issuesOf({ chain: mesh.pem })).toEqual(["cert-chain.pem conflict"]);
    expect(issuesOf({ chain: undefined })).toEqual(["cert-chain.pem conflict"]);
  });

  test("is refused when it may not issue: a leaf, an expired CA, one below a path length of zero", () => {
    const given = (ca: TestCertificate, chain = policy.pem) =>
      issuesOf({ certificate: ca.pem, key: keyOf(ca), chain });
    expect(given(testSvid(policy, "spiffe://td/ns/a/sa/b", { name: "leaf" }))).toEqual([
      "ca-cert.pem issuer-not-ca",
    ]);
    expect(given(testCa({ name: "old", issuer: policy, notAfterMs: NOW - 60_000 }))).toEqual([
      "ca-cert.pem expired",
    ]);
    const extensions = {
      [OID.basicConstraints]: encodeBasicConstraints({ isCa: true, pathLength: 0 }),
    };
    const last = testCa({ name: "last", issuer: root, extensions });
    expect(given(testCa({ name: "below", issuer: last }), last.pem)).toEqual([
      "ca-cert.pem path-too-long",
    ]);
  });

  test("is read from files that openssl made, with an RSA key", async () => {
    await using dir = await tempDir();
    const at = (name: string) => join(dir.path, name);
    const subject = (name: string) => ["-subj", `/O=Example/CN=${name}`];
    const newKey = (path: string) => ["-newkey", "rsa:2048", "-nodes", "-keyout", path];
    await openssl(
      "req",
      "-x509",
      ...newKey(at("root-key.pem")),
      ...subject("root"),
      "-days",
      "30",
      "-out",
      at(GIVEN_FILES.root),
    );
    await openssl(
      "req",
      "-new",
      ...newKey(at(GIVEN_FILES.key)),
      ...subject("mesh"),
      "-out",
      at("ca.csr"),
    );
    await writeFile(
      at("ca.ext"),
      "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n",
    );
    const signer = ["-CA", at(GIVEN_FILES.root), "-CAkey", at("root-key.pem"), "-CAcreateserial"];
    await openssl(
      "x509",
      "-req",
      "-in",
      at("ca.csr"),
      ...signer,
      "-extfile",
      at("ca.ext"),
      "-days",
      "20",
      "-out",
      at(GIVEN_FILES.certificate),
    );
    const clock = { wallMs: () => Date.now(), monotonicMs: () => 0 };
    const authority = await givenFilesSource(dir.path, clock).load();
    expect(authority.intermediates).toHaveLength(1);
    expect(authority.signing.publicKey.kind).toBe("rsa");
    const empty = givenFilesSource(at("nowhere"), clock).load();
    await expect(empty).rejects.toThrow(
      "root-cert.pem is missing; ca-cert.pem is missing; ca-key.pem is missing",
    );
  });
});
