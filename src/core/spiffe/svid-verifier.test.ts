import { expect, test } from "bun:test";
import { TEST_NOW_MS as NOW, testCa, testSvid } from "../../../test/support/certificates.ts";
import { SvidVerifier } from "./svid-verifier.ts";
import { createTrustBundle } from "./trust-bundle.ts";

const root = testCa();
const bundle = createTrustBundle({ trustDomain: "td", rootsPem: root.pem });
const peer = (name: string, days = 1) =>
  testSvid(root, `spiffe://td/ns/a/sa/${name}`, { notAfterMs: NOW + days * 86_400_000 }).der;

test("a chain that was accepted is remembered, until its validity is over", () => {
  const verifier = new SvidVerifier(bundle);
  const short = testSvid(root, "spiffe://td/ns/a/sa/short", { notAfterMs: NOW + 1000 }).der;
  const first = verifier.verify([short], "client", NOW);
  expect(verifier.verify([short], "client", NOW)).toBe(first);
  expect(() => verifier.verify([short], "client", NOW + 60_000)).toThrow("was valid until");
  expect(() => verifier.verify([short], "client", NOW - 7200_000)).toThrow("is valid from");
  expect(verifier.verify([short], "client", NOW)).toEqual(first);
});

test("a verdict for one side is not taken for the other", () => {
  const verifier = new SvidVerifier(bundle);
  const both = peer("both");
  expect(verifier.verify([both], "client", NOW)).not.toBe(verifier.verify([both], "server", NOW));
});

test("a refusal is not remembered as an acceptance", () => {
  const verifier = new SvidVerifier(bundle);
  const foreign = testSvid(testCa(), "spiffe://td/ns/a/sa/web").der;
  for (const _ of [1, 2])
    expect(() => verifier.verify([foreign], "client", NOW)).toThrow("signature");
});

test("two chains that differ only in where one certificate ends are different", () => {
  const verifier = new SvidVerifier(bundle);
  const good = peer("web");
  verifier.verify([good], "client", NOW);
  expect(() =>
    verifier.verify([good.subarray(0, 100), good.subarray(100)], "client", NOW),
  ).toThrow();
});

test("the chain that was used longest ago is forgotten first", () => {
  const verifier = new SvidVerifier(bundle, 2);
  const [a, b, c] = [peer("a"), peer("b"), peer("c")];
  const first = verifier.verify([a], "client", NOW);
  const second = verifier.verify([b], "client", NOW);
  verifier.verify([a], "client", NOW);
  verifier.verify([c], "client", NOW);
  expect(verifier.verify([a], "client", NOW)).toBe(first);
  expect(verifier.verify([b], "client", NOW)).not.toBe(second);
});
