import { describe, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import {
  ecKey,
  TEST_NOW_MS as NOW,
  type TestCertificate,
  type TestCertificateOptions,
  testCa,
  testSvid,
} from "../../../test/support/certificates.ts";
import { openssl } from "../../../test/support/openssl.ts";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { OID } from "./der/object-identifiers.ts";
import {
  encodeBasicConstraints,
  encodeExtendedKeyUsage,
  encodeKeyUsage,
  encodeSubjectAltNames,
} from "./encode-extensions.ts";
import { KEY_USAGE } from "./extensions.ts";
import { SpiffeError, type SpiffeErrorCode } from "./spiffe-error.ts";
import { createTrustBundle, type TrustBundle } from "./trust-bundle.ts";
import { CLOCK_SKEW_MS } from "./validity.ts";
import { CHAIN_LENGTH_MAX, type SvidUse, verifySvid } from "./verify-svid.ts";

const ID = "spiffe://cluster.local/ns/shop/sa/web";
const root = testCa();
const bundle = createTrustBundle({ trustDomain: "cluster.local", rootsPem: root.pem });

function verdict(
  chain: readonly { readonly der: Uint8Array }[],
  { use = "client" as SvidUse, nowMs = NOW, roots = bundle as TrustBundle } = {},
): SpiffeErrorCode | "accepted" {
  try {
    verifySvid(
      chain.map(({ der }) => der),
      roots,
      use,
      nowMs,
    );
    return "accepted";
  } catch (error) {
    if (error instanceof SpiffeError) return error.code;
    throw error;
  }
}

const leaf = (options?: TestCertificateOptions, issuer = root) => testSvid(issuer, ID, options);
const withExtension = (extension: { oid: string; critical: boolean; value: Uint8Array }) =>
  leaf({ extensions: { [extension.oid]: extension } });

describe("a good certificate", () => {
  test("is accepted for both sides, and says who it is", () => {
    const good = leaf();
    expect(verdict([good], { use: "server" })).toBe("accepted");
    const svid = verifySvid([good.der], bundle, "client", NOW);
    expect(svid.id as string).toBe(ID);
    expect(svid.identity).toEqual({
      trustDomain: "cluster.local" as never,
      namespace: "shop",
      serviceAccount: "web",
    });
    expect(svid.fingerprint).toMatch(/^[0-9a-f]{64}$/);
  });

  test("is accepted with every kind of key that the mesh knows", () => {
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
    const ed25519 = generateKeyPairSync("ed25519").privateKey;
    for (const key of [ecKey("secp384r1"), rsa, ed25519]) {
      const ca = testCa({ key });
      const roots = createTrustBundle({ trustDomain: "cluster.local", rootsPem: ca.pem });
      expect(verdict([leaf({ key }, ca)], { roots })).toBe("accepted");
    }
  });

  test("is accepted through intermediates in any order, with the root sent along", () => {
    const upper = testCa({ issuer: root, name: "upper" });
    const lower = testCa({ issuer: upper, name: "lower" });
    const end = leaf({}, lower);
    expect(verdict([end, lower, upper])).toBe("accepted");
    expect(verdict([end, root, upper, lower])).toBe("accepted");
    expect(verdict([end, lower])).toBe("unknown-issuer");
  });

  test("is valid as long as all of its path is", () => {
    const short = testCa({ issuer: root, name: "short", notAfterMs: NOW + 1000 });
    const svid = verifySvid([leaf({}, short).der, short.der], bundle, "client", NOW);
    expect(svid.notAfterMs).toBe(NOW + 1000);
  });
});

describe("the leaf", () => {
  test("has exactly one URI name", () => {
    const san = (uris: string[], dnsNames: string[] = []) =>
      withExtension(encodeSubjectAltNames({ uris, dnsNames }, true));
    expect(verdict([san([ID, `${ID}2`])])).toBe("uri-san-count");
    expect(verdict([san([ID, ID])])).toBe("uri-san-count");
    expect(verdict([san([], ["web.shop"])])).toBe("uri-san-count");
    expect(verdict([leaf({ extensions: { [OID.subjectAltName]: undefined } })])).toBe(
      "uri-san-count",
    );
    expect(verdict([san([ID], ["web.shop"])])).toBe("accepted");
  });

  test("has a name that the SPIFFE ID specification allows", () => {
    for (const bad of [
      "https://cluster.local/ns/shop/sa/web",
      "SPIFFE://cluster.local/ns/shop/sa/web",
      "spiffe://Cluster.local/ns/shop/sa/web",
      "spiffe://cluster.local/ns/shop/sa/web/",
      "spiffe://cluster.local/ns//sa/web",
      "spiffe://cluster.local/ns/../sa/web",
      "spiffe://cluster.local/ns/shop/sa/w%65b",
      "spiffe://cluster.local:15012/ns/shop/sa/web",
      "spiffe://user@cluster.local/ns/shop/sa/web",
      "spiffe://cluster.local/ns/shop/sa/web?x=1",
      "spiffe://cluster.local/ns/shop/sa/web#x",
      "spiffe://cluster.local",
      `spiffe://cluster.local/${"a".repeat(2048)}`,
    ])
      expect([bad, verdict([testSvid(root, bad)])]).toEqual([bad, "malformed-id"]);
  });

  test("has no CA rights", () => {
    const ca = encodeBasicConstraints({ isCa: true, pathLength: undefined });
    expect(verdict([withExtension(ca)])).toBe("leaf-is-ca");
  });

  test("may sign, and may not sign certificates or revocation lists", () => {
    const usage = (bits: number) => verdict([withExtension(encodeKeyUsage(bits))]);
    const { digitalSignature, keyEncipherment, keyCertSign, crlSign } = KEY_USAGE;
    expect(usage(keyEncipherment)).toBe("key-usage");
    expect(usage(digitalSignature | keyCertSign)).toBe("key-usage");
    expect(usage(digitalSignature | crlSign)).toBe("key-usage");
    expect(usage(digitalSignature)).toBe("accepted");
    expect(verdict([leaf({ extensions: { [OID.keyUsage]: undefined } })])).toBe("key-usage");
  });

  test("is for the side that it is used on", () => {
    const only = (oid: string) => withExtension(encodeExtendedKeyUsage([oid]));
    expect(verdict([only(OID.serverAuth)], { use: "client" })).toBe("extended-key-usage");
    expect(verdict([only(OID.clientAuth)], { use: "server" })).toBe("extended-key-usage");
    expect(verdict([only(OID.clientAuth)], { use: "client" })).toBe("accepted");
    expect(verdict([only(OID.anyExtendedKeyUsage)], { use: "server" })).toBe("accepted");
    expect(verdict([leaf({ extensions: { [OID.extendedKeyUsage]: undefined } })])).toBe("accepted");
  });

  test("is valid now, give or take the skew of two clocks", () => {
    const end = leaf({ notBeforeMs: NOW - 5000, notAfterMs: NOW + 5000 });
    const at = (nowMs: number) => verdict([end], { nowMs });
    expect(at(NOW - 5000 - CLOCK_SKEW_MS)).toBe("accepted");
    expect(at(NOW - 5001 - CLOCK_SKEW_MS)).toBe("not-yet-valid");
    expect(at(NOW + 5000 + CLOCK_SKEW_MS)).toBe("accepted");
    expect(at(NOW + 5001 + CLOCK_SKEW_MS)).toBe("expired");
    expect(at(Number.NaN)).toBe("expired");
  });

  test("has no critical extension that we do not enforce", () => {
    const extra = [{ oid: "1.2.3.4", critical: true, value: Uint8Array.of(5, 0) }];
    expect(verdict([leaf({ extra })])).toBe("critical-extension");
    expect(verdict([leaf({ extra: [{ ...extra[0], critical: false } as never] })])).toBe(
      "accepted",
    );
  });

  test("has no extension twice", () => {
    const extra = [encodeSubjectAltNames({ uris: [`${ID}-other`] }, true)];
    expect(verdict([leaf({ extra })])).toBe("malformed-certificate");
  });
});

describe("the chain", () => {
  test("ends at a root of the certificate's own trust domain", () => {
    expect(verdict([testSvid(root, "spiffe://other.example/ns/a/sa/b")])).toBe("untrusted-domain");
    const partner = testCa({ name: "partner root" });
    const roots = createTrustBundle({
      trustDomain: "cluster.local",
      rootsPem: root.pem,
      federated: [{ trustDomain: "other.example", rootsPem: partner.pem }],
    });
    const theirs = (issuer: TestCertificate, domain: string) =>
      verdict([testSvid(issuer, `spiffe://${domain}/ns/a/sa/b`)], { roots });
    expect(theirs(partner, "other.example")).toBe("accepted");
    expect(theirs(partner, "cluster.local")).toBe("unknown-issuer");
    expect(theirs(root, "other.example")).toBe("unknown-issuer");
  });

  test("accepts certificates of the old and the new root during a rotation", () => {
    const next = testCa();
    const roots = createTrustBundle({
      trustDomain: "cluster.local",
      rootsPem: next.pem + root.pem,
    });
    expect(verdict([leaf()], { roots })).toBe("accepted");
    expect(verdict([leaf({}, next)], { roots })).toBe("accepted");
    expect(verdict([leaf({}, next)])).toBe("bad-signature");
  });

  test("has no issuer without the rights of a CA", () => {
    const { basicConstraints, keyUsage } = OID;
    const noCa = encodeBasicConstraints({ isCa: false, pathLength: undefined });
    const signs = encodeKeyUsage(KEY_USAGE.digitalSignature);
    for (const extensions of [
      { [basicConstraints]: noCa },
      { [basicConstraints]: undefined },
      { [keyUsage]: signs },
    ]) {
      const issuer = testCa({ issuer: root, name: "weak", extensions });
      expect(verdict([leaf({}, issuer), issuer])).toBe("issuer-not-ca");
    }
    const workload = leaf({ name: "workload" });
    expect(verdict([leaf({}, workload), workload])).toBe("issuer-not-ca");
  });

  test("has no issuer that is expired, not yet valid, constrained to other uses or by unknown rules", () => {
    const through = (options: TestCertificateOptions) => {
      const issuer = testCa({ issuer: root, name: "between", ...options });
      return verdict([leaf({}, issuer), issuer]);
    };
    expect(through({})).toBe("accepted");
    expect(through({ notAfterMs: NOW - 60_000 })).toBe("expired");
    expect(through({ notBeforeMs: NOW + 60_000 })).toBe("not-yet-valid");
    expect(through({ extra: [encodeExtendedKeyUsage([OID.serverAuth])] })).toBe(
      "extended-key-usage",
    );
    const constraints = {
      oid: OID.nameConstraints,
      critical: false,
      value: Uint8Array.of(0x30, 0),
    };
    expect(through({ extra: [constraints] })).toBe("critical-extension");
  });

  test("is not believed below an expired root", () => {
    const old = testCa({ notAfterMs: NOW - 60_000 });
    const roots = createTrustBundle({ trustDomain: "cluster.local", rootsPem: old.pem });
    expect(verdict([leaf({}, old)], { roots })).toBe("expired");
  });

  test("has no more intermediates than an issuer allows", () => {
    const limit = (pathLength: number) => ({
      [OID.basicConstraints]: encodeBasicConstraints({ isCa: true, pathLength }),
    });
    const upper = testCa({ issuer: root, name: "upper", extensions: limit(0) });
    const lower = testCa({ issuer: upper, name: "lower" });
    expect(verdict([leaf({}, upper), upper])).toBe("accepted");
    expect(verdict([leaf({}, lower), lower, upper])).toBe("path-too-long");
  });

  test("is refused when its key did not sign, even under the right name", () => {
    const impostor = testCa();
    expect(verdict([leaf({}, impostor)])).toBe("bad-signature");
    expect(verdict([leaf({}, impostor), impostor])).toBe("bad-signature");
  });

  test("is refused when it is empty, too long or too large", () => {
    expect(verdict([])).toBe("no-certificate");
    const end = leaf();
    expect(verdict(Array.from({ length: CHAIN_LENGTH_MAX + 1 }, () => end))).toBe("too-large");
    expect(verdict([{ der: new Uint8Array(20_000) }])).toBe("too-large");
  });

  test("costs a bounded number of signature checks among cross-signed issuers", () => {
    const key = ecKey();
    const loop = Array.from({ length: 7 }, () =>
      testCa({ name: "loop", key, issuer: testCa({ name: "loop", key }) }),
    );
    const end = leaf({}, loop[0]);
    expect(verdict([end, ...loop])).toBe("too-large");
  });
});

describe("certificates that openssl made", () => {
  /** A leaf with every right extension, made by another's hand: `key` and `sign` are openssl's arguments. */
  async function foreign(key: readonly string[], sign: readonly string[] = []) {
    await using dir = await tempDir();
    const at = (name: string) => join(dir.path, name);
    await writeFile(at("root.pem"), root.pem);
    await writeFile(at("root.key"), root.privateKey.export({ type: "pkcs8", format: "pem" }));
    const rules = [
      "basicConstraints=critical,CA:FALSE",
      "keyUsage=critical,digitalSignature",
      "extendedKeyUsage=clientAuth",
      `subjectAltName=critical,URI:${ID}`,
    ];
    await writeFile(at("leaf.ext"), rules.join("\n"));
    const request = ["-new", "-nodes", "-subj", "/CN=web", "-keyout", at("key"), "-out", at("csr")];
    await openssl("req", ...request, "-newkey", ...key);
    const signer = ["-CA", at("root.pem"), "-CAkey", at("root.key"), "-CAcreateserial", ...sign];
    const args = [
      "-req",
      "-in",
      at("csr"),
      ...signer,
      "-extfile",
      at("leaf.ext"),
      "-outform",
      "DER",
    ];
    await openssl("x509", ...args, "-days", "2", "-out", at("leaf.der"));
    const nowMs = Date.now();
    const window = { notBeforeMs: nowMs - 86_400_000, notAfterMs: nowMs + 86_400_000 };
    const wide = testCa({ key: root.privateKey, ...window });
    const roots = createTrustBundle({ trustDomain: "cluster.local", rootsPem: wide.pem });
    return verdict([{ der: new Uint8Array(await readFile(at("leaf.der"))) }], { roots, nowMs });
  }

  const curve = (name: string) => ["ec", "-pkeyopt", `ec_paramgen_curve:${name}`];

  test("are accepted with keys that are strong enough, and refused with others", async () => {
    expect(await foreign(curve("P-256"))).toBe("accepted");
    expect(await foreign(curve("P-384"))).toBe("accepted");
    expect(await foreign(["rsa:2048"])).toBe("accepted");
    expect(await foreign(["rsa:1024"])).toBe("weak-key");
    expect(await foreign(curve("P-224"))).toBe("weak-key");
    expect(await foreign(curve("secp256k1"))).toBe("weak-key");
    expect(await foreign(curve("P-521"))).toBe("weak-key");
    expect(await foreign(["ed448"])).toBe("unsupported-algorithm");
  });

  test("are refused with a signature over SHA-1", async () => {
    expect(await foreign(curve("P-256"), ["-sha512"])).toBe("accepted");
    expect(await foreign(curve("P-256"), ["-sha1"])).toBe("unsupported-algorithm");
  });
});

describe("hostile octets", () => {
  const chain = [leaf({}, root).der];

  test("one changed bit anywhere never gives another verdict than a refusal", () => {
    const [good = new Uint8Array()] = chain;
    for (let at = 0; at < good.length; at++)
      for (const bit of [0x01, 0x80, 0xff]) {
        const changed = Uint8Array.from(good);
        changed[at] = (good[at] ?? 0) ^ bit;
        expect([at, verdict([{ der: changed }])]).not.toEqual([at, "accepted"]);
      }
  });

  test("one changed octet of an intermediate is refused too", () => {
    const between = testCa({ issuer: root, name: "between" });
    const end = leaf({}, between);
    for (let at = 0; at < between.der.length; at++) {
      const changed = Uint8Array.from(between.der);
      changed[at] = (between.der[at] ?? 0) ^ 0x04;
      expect([at, verdict([end, { der: changed }])]).not.toEqual([at, "accepted"]);
    }
  });

  test("a certificate cut short or with something behind it is refused", () => {
    const [good = new Uint8Array()] = chain;
    for (let length = 0; length < good.length; length++)
      expect(verdict([{ der: good.subarray(0, length) }])).not.toBe("accepted");
    expect(verdict([{ der: Uint8Array.of(...good, 0) }])).toBe("malformed-certificate");
  });

  test("random octets, and a good certificate with random changes, give our error or a value", () => {
    const [good = new Uint8Array()] = chain;
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (der) => verdict([{ der }]) !== "accepted"),
    );
    const edit = fc.tuple(fc.nat(good.length - 1), fc.nat(8), fc.uint8Array({ maxLength: 8 }));
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        let der = good;
        for (const [at, remove, add] of edits)
          der = Uint8Array.of(...der.subarray(0, at), ...add, ...der.subarray(at + remove));
        const same = der.length === good.length && der.every((octet, i) => octet === good[i]);
        return same || verdict([{ der }]) !== "accepted";
      }),
      { numRuns: 2000 },
    );
  });
});
