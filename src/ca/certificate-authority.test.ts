import { describe, expect, test } from "bun:test";
import { generateKeyPairSync, randomBytes, X509Certificate } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { decodeCertificate } from "#core/spiffe/certificate.ts";
import { contextTag, TAG } from "#core/spiffe/der/der-reader.ts";
import { der, derBits, derOid, derSequence, derSmallInteger } from "#core/spiffe/der/der-writer.ts";
import { OID } from "#core/spiffe/der/object-identifiers.ts";
import { certificatesOfPem, encodePem } from "#core/spiffe/der/pem.ts";
import { encodeExtensionList, encodeName } from "#core/spiffe/encode-certificate.ts";
import {
  type EncodedExtension,
  encodeBasicConstraints,
  encodeSubjectAltNames,
} from "#core/spiffe/encode-extensions.ts";
import { readSpiffeId, type SpiffeId } from "#core/spiffe/spiffe-id.ts";
import { verifySvid } from "#core/spiffe/verify-svid.ts";
import { createCsr, createWorkloadKey } from "#core/spiffe/workload-key.ts";
import { openssl } from "../../test/support/openssl.ts";
import { tempDir } from "../../test/support/temp-dir.ts";
import type { Attested } from "./attestation/attested.ts";
import { CaError, type CaErrorCode } from "./ca-error.ts";
import {
  type CertificateAuthorityOptions,
  createCertificateAuthority,
} from "./certificate-authority.ts";
import { selfSignRoot } from "./root/authority.ts";
import { readAuthority } from "./root/read-authority.ts";

const WEB = readSpiffeId("spiffe://cluster.local/ns/shop/sa/web");
const PAY = readSpiffeId("spiffe://cluster.local/ns/shop/sa/pay");
const DAY_MS = 86_400_000;
const clock = { wallMs: () => Date.now(), monotonicMs: () => performance.now() };

function newAuthority() {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const nowMs = Date.now();
  const about = { trustDomain: "cluster.local", serial: randomBytes(16), nowMs };
  const certificate = selfSignRoot(privateKey, about);
  return readAuthority({ certificate, privateKey, chain: [], roots: [certificate] }, nowMs);
}

const authority = newAuthority();
const newCa = (options: Partial<CertificateAuthorityOptions> = {}) =>
  createCertificateAuthority({
    authority,
    trustDomain: "cluster.local",
    clock,
    randomBytes,
    ...options,
  });
const ca = newCa();

const proved = (id: SpiffeId, redeem = () => Promise.resolve()): Attested => ({
  by: "token",
  id,
  redeem,
});

async function refusal(work: Promise<unknown>): Promise<CaErrorCode> {
  const error = await work.then(
    () => new Error("it was issued"),
    (cause: unknown) => cause,
  );
  if (error instanceof CaError) return error.code;
  throw error;
}

/** A request that asks for what it likes, signed by its own key unless another is given. */
function requestFor(extensions: readonly EncodedExtension[], options: { forged?: boolean } = {}) {
  const [own, other] = [createWorkloadKey().signing, createWorkloadKey().signing];
  const attribute = derSequence(
    derOid(OID.extensionRequest),
    der(TAG.set, encodeExtensionList(extensions)),
  );
  const signed = derSequence(
    derSmallInteger(0),
    encodeName({ commonName: "admin" }),
    own.publicKey.der,
    der(contextTag(0, true), attribute),
  );
  const signature = (options.forged ? other : own).sign(signed);
  return encodePem(
    "CERTIFICATE REQUEST",
    derSequence(signed, own.algorithmDer, derBits(signature)),
  );
}

const issue = (csrPem: string, more: { validitySeconds?: number } = {}) =>
  ca.issue({ csrPem, attested: proved(WEB), ...more });

describe("a certificate for a workload", () => {
  test("carries the attested identity and passes our verifier", async () => {
    const { chainPem } = await issue(createCsr(createWorkloadKey(), WEB));
    const chain = chainPem.flatMap((pem) => certificatesOfPem(pem));
    expect(chain).toHaveLength(2);
    for (const use of ["client", "server"] as const)
      expect(verifySvid(chain, ca.bundle, use, Date.now()).id).toBe(WEB);
  });

  test("is what openssl calls valid, and has the form that Istio's have", async () => {
    await using dir = await tempDir();
    const { chainPem } = await issue(createCsr(createWorkloadKey(), WEB));
    const [leaf, root] = [join(dir.path, "leaf.pem"), join(dir.path, "root.pem")];
    await writeFile(leaf, chainPem[0] ?? "");
    await writeFile(root, ca.rootsPem);
    for (const purpose of ["sslclient", "sslserver"])
      expect(
        await openssl("verify", "-x509_strict", "-purpose", purpose, "-CAfile", root, leaf),
      ).toContain("OK");
    const text = await openssl("x509", "-in", leaf, "-noout", "-text");
    expect(text).toContain(`X509v3 Subject Alternative Name: critical\n                URI:${WEB}`);
    expect(text).toContain(
      "X509v3 Key Usage: critical\n                Digital Signature, Key Encipherment\n",
    );
    expect(text).toContain("TLS Web Server Authentication, TLS Web Client Authentication");
    expect(text).toContain("X509v3 Basic Constraints: critical\n                CA:FALSE");
    expect(text).toMatch(/Subject: *\n/);
    const rootText = await openssl("x509", "-in", root, "-noout", "-text");
    expect(rootText).toContain("CA:TRUE");
    expect(rootText).toContain("Certificate Sign, CRL Sign");
  });

  test("answers a request that openssl made, with an RSA key and no name", async () => {
    await using dir = await tempDir();
    const key = join(dir.path, "key.pem");
    const args = ["-newkey", "rsa:2048", "-nodes", "-subj", "/CN=someone", "-keyout", key];
    const { chainPem } = await issue(await openssl("req", "-new", ...args));
    const leaf = new X509Certificate(chainPem[0] ?? "");
    expect(leaf.subjectAltName).toBe(`URI:${WEB}`);
    expect(leaf.publicKey.asymmetricKeyType).toBe("rsa");
  });

  test("begins two minutes ago, lives a day, and has a serial number of its own", async () => {
    const before = Date.now();
    const csr = createCsr(createWorkloadKey(), WEB);
    const [first, second] = [await issue(csr), await issue(csr)];
    expect(Math.abs(first.notBeforeMs - (before - 120_000))).toBeLessThan(5000);
    expect(Math.abs(first.notAfterMs - (before + DAY_MS))).toBeLessThan(5000);
    const serials = [first, second].map(
      ({ chainPem }) => new X509Certificate(chainPem[0] ?? "").serialNumber,
    );
    expect(serials[0]).not.toBe(serials[1]);
    expect(serials[0]).toMatch(/^[0-9A-F]{28,32}$/);
  });

  test("lives as long as was asked, up to 90 days, and never longer than the CA", async () => {
    const csr = createCsr(createWorkloadKey(), WEB);
    const life = async (validitySeconds: number) =>
      (await issue(csr, { validitySeconds })).notAfterMs - Date.now();
    expect(Math.abs((await life(3600)) - 3600_000)).toBeLessThan(5000);
    expect(Math.abs((await life(90 * 86_400)) - 90 * DAY_MS)).toBeLessThan(5000);
    for (const validitySeconds of [90 * 86_400 + 1, -1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(await refusal(issue(csr, { validitySeconds }))).toBe("bad-lifetime");
    const endMs = authority.certificate.notAfterMs;
    const late = newCa({ clock: { ...clock, wallMs: () => endMs - 60_000 } });
    expect((await late.issue({ csrPem: csr, attested: proved(WEB) })).notAfterMs).toBe(endMs);
    const over = newCa({ clock: { ...clock, wallMs: () => endMs } });
    expect(await refusal(over.issue({ csrPem: csr, attested: proved(WEB) }))).toBe("ca-expired");
  });
});

describe("a request", () => {
  test("for another's name, or any name besides the caller's own, is refused", async () => {
    const asks = (...names: Parameters<typeof encodeSubjectAltNames>[0][]) =>
      refusal(issue(requestFor(names.map((name) => encodeSubjectAltNames(name, true)))));
    expect(await refusal(issue(createCsr(createWorkloadKey(), PAY)))).toBe("foreign-identity");
    expect(await asks({ uris: [WEB, PAY] })).toBe("foreign-identity");
    expect(await asks({ uris: [WEB], dnsNames: ["istiod.istio-system.svc"] })).toBe(
      "foreign-identity",
    );
    expect(await asks({ ipAddresses: [Uint8Array.of(127, 0, 0, 1)] })).toBe("foreign-identity");
    expect(await asks({ uris: ["spiffe://"] })).toBe("foreign-identity");
  });

  test("for CA rights is refused", async () => {
    const rights = encodeBasicConstraints({ isCa: true, pathLength: undefined });
    expect(await refusal(issue(requestFor([rights])))).toBe("csr-asks-for-ca");
  });

  test("with a signature of another key is refused", async () => {
    expect(await refusal(issue(requestFor([], { forged: true })))).toBe("bad-csr");
  });

  test("of an identity of another trust domain is refused", async () => {
    const other = readSpiffeId("spiffe://other.example/ns/shop/sa/web");
    const csrPem = createCsr(createWorkloadKey(), other);
    expect(await refusal(ca.issue({ csrPem, attested: proved(other) }))).toBe("foreign-identity");
  });

  test("with a weak key is refused", async () => {
    await using dir = await tempDir();
    const made = async (...key: string[]) => {
      const path = join(dir.path, "key.pem");
      return refusal(
        issue(await openssl("req", "-new", "-nodes", "-subj", "/CN=x", "-keyout", path, ...key)),
      );
    };
    expect(await made("-newkey", "rsa:1024")).toBe("weak-key");
    expect(await made("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp256k1")).toBe("weak-key");
    expect(await made("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp521r1")).toBe("weak-key");
  });

  test("that is empty, oversized, doubled, of another kind, cut or changed is refused", async () => {
    const csr = createCsr(createWorkloadKey(), WEB);
    const certificate = encodePem("CERTIFICATE", authority.certificate.der);
    const huge = csr + "x".repeat(64 * 1024);
    for (const bad of [
      "",
      "hello",
      huge,
      csr + csr,
      certificate,
      csr.slice(0, 200),
      csr.replace("M", "N"),
    ])
      expect(await refusal(issue(bad))).toBe("bad-csr");
  });

  test("with any one octet changed is refused", async () => {
    const unlimited = newCa({ rateLimit: { burst: 1e6, perSecond: 1, callersMax: 2 } });
    const csr = Buffer.from(
      createCsr(createWorkloadKey(), WEB).split("\n").slice(1, -2).join(""),
      "base64",
    );
    for (let at = 0; at < csr.length; at++) {
      const changed = Uint8Array.from(csr);
      changed[at] = (csr[at] ?? 0) ^ 0x10;
      const csrPem = encodePem("CERTIFICATE REQUEST", changed);
      const code = await refusal(unlimited.issue({ csrPem, attested: proved(WEB) }));
      expect(["bad-csr", "weak-key"]).toContain(code);
    }
  });

  test("spends its proof only when it is about to be granted", async () => {
    let spent = 0;
    const redeem = () => Promise.resolve(void spent++);
    const attested = proved(WEB, redeem);
    await refusal(ca.issue({ csrPem: "nonsense", attested }));
    await refusal(ca.issue({ csrPem: createCsr(createWorkloadKey(), PAY), attested }));
    expect(spent).toBe(0);
    await ca.issue({ csrPem: createCsr(createWorkloadKey(), WEB), attested });
    expect(spent).toBe(1);
  });

  test("is not granted when its proof is spent", async () => {
    const redeem = () => Promise.reject(new CaError("spent-token", "used"));
    const csrPem = createCsr(createWorkloadKey(), WEB);
    expect(await refusal(ca.issue({ csrPem, attested: proved(WEB, redeem) }))).toBe("spent-token");
  });

  test("of a caller that floods is refused, while others are served", async () => {
    const limited = newCa({ rateLimit: { burst: 2, perSecond: 0, callersMax: 10 } });
    const ask = (id: SpiffeId) =>
      limited.issue({ csrPem: createCsr(createWorkloadKey(), id), attested: proved(id) });
    await ask(WEB);
    await ask(WEB);
    expect(await refusal(ask(WEB))).toBe("too-many-requests");
    await ask(PAY);
  });
});

describe("a certificate for a server of the control plane", () => {
  test("names hosts and addresses, serves and does no more", async () => {
    await using dir = await tempDir();
    const made = ca.issueServerCertificate({
      dnsNames: ["localhost", "*.mesh.example", "istiod.istio-system.svc"],
      ipAddresses: ["127.0.0.1", "::1", "fe80::1:2", "::ffff:10.0.0.1"],
    });
    const [leaf, root] = [join(dir.path, "leaf.pem"), join(dir.path, "root.pem")];
    await writeFile(leaf, made.certificatePem);
    await writeFile(root, ca.rootsPem);
    const verify = (...args: string[]) =>
      openssl("verify", "-x509_strict", ...args, "-CAfile", root, leaf);
    for (const name of ["localhost", "a.mesh.example", "istiod.istio-system.svc"])
      expect(await verify("-purpose", "sslserver", "-verify_hostname", name)).toContain("OK");
    for (const address of ["127.0.0.1", "::1", "fe80::1:2", "::ffff:10.0.0.1"])
      expect(await verify("-purpose", "sslserver", "-verify_ip", address)).toContain("OK");
    await expect(verify("-purpose", "sslclient")).rejects.toThrow("unsuitable certificate purpose");
    const { extensions } = decodeCertificate(
      certificatesOfPem(made.certificatePem)[0] ?? new Uint8Array(),
    );
    expect(extensions.names.uris).toEqual([]);
    expect(JSON.stringify(made)).not.toContain("PRIVATE");
  });

  test("is refused for names that are none", () => {
    const names =
      (dnsNames: string[], ipAddresses: string[] = []) =>
      () =>
        ca.issueServerCertificate({ dnsNames, ipAddresses });
    for (const bad of ["", "a b", "a..b", "-a", "a\0b", "a.*.b", `${"a".repeat(64)}.b`, "*"])
      expect(names([bad])).toThrow(CaError);
    for (const bad of ["localhost", "1.2.3", "fe80::1%eth0", "::1]"])
      expect(names([], [bad])).toThrow(CaError);
    expect(names([])).toThrow(CaError);
  });
});
