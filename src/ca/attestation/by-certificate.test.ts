import { expect, test } from "bun:test";
import { OID } from "#core/spiffe/der/object-identifiers.ts";
import { encodeExtendedKeyUsage } from "#core/spiffe/encode-extensions.ts";
import { createTrustBundle } from "#core/spiffe/trust-bundle.ts";
import { TEST_NOW_MS as NOW, testCa, testSvid } from "../../../test/support/certificates.ts";
import { CaError } from "../ca-error.ts";
import { attestByCertificate } from "./by-certificate.ts";

const root = testCa();
const partner = testCa({ name: "partner" });
const bundle = createTrustBundle({
  trustDomain: "cluster.local",
  rootsPem: root.pem,
  federated: [{ trustDomain: "partner.example", rootsPem: partner.pem }],
});
const ID = "spiffe://cluster.local/ns/shop/sa/web";

function refusal(chain: readonly Uint8Array[], nowMs = NOW): string {
  try {
    return `accepted ${attestByCertificate(chain, bundle, nowMs).id}`;
  } catch (error) {
    if (error instanceof CaError) return error.code;
    throw error;
  }
}

test("a workload renews the identity of its current certificate", async () => {
  const attested = attestByCertificate([testSvid(root, ID).der], bundle, NOW);
  expect([attested.by, attested.id as string]).toEqual(["certificate", ID]);
  await attested.redeem("any key");
});

test("a certificate that is expired, foreign, a server's or none renews nothing", () => {
  expect(refusal([])).toBe("bad-certificate");
  expect(refusal([testSvid(root, ID).der], NOW + 7200_000)).toBe("bad-certificate");
  expect(refusal([testSvid(testCa(), ID).der])).toBe("bad-certificate");
  const extensions = { [OID.extendedKeyUsage]: encodeExtendedKeyUsage([OID.serverAuth]) };
  expect(refusal([testSvid(root, ID, { extensions }).der])).toBe("bad-certificate");
});

test("a federated peer, or a name that is no account, renews nothing here", () => {
  expect(refusal([testSvid(partner, "spiffe://partner.example/ns/a/sa/b").der])).toBe(
    "foreign-identity",
  );
  expect(refusal([testSvid(root, "spiffe://cluster.local/control-plane").der])).toBe(
    "foreign-identity",
  );
});
