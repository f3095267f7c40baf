import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { SpiffeError } from "./spiffe-error.ts";
import {
  pathOf,
  principalOf,
  readSpiffeId,
  readTrustDomain,
  spiffeIdOf,
  trustDomainOf,
  workloadIdentityOf,
} from "./spiffe-id.ts";

const isRefused = (read: () => unknown): boolean => {
  try {
    read();
    return false;
  } catch (error) {
    if (error instanceof SpiffeError) return error.code === "malformed-id";
    throw error;
  }
};

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$/);

describe("a SPIFFE ID", () => {
  test("of Istio's form is read back as it was written", () => {
    fc.assert(
      fc.property(label, label, label, (trustDomain, namespace, serviceAccount) => {
        const parts = { trustDomain, namespace, serviceAccount };
        expect(workloadIdentityOf(spiffeIdOf(parts)) as object).toEqual(parts);
      }),
    );
  });

  test("of another form is valid and names no account", () => {
    for (const text of [
      "spiffe://td",
      "spiffe://td/web",
      "spiffe://td/ns/a/sa/b/c",
      "spiffe://td/ns/a/sb/b",
      "spiffe://td/NS/a/sa/b",
    ])
      expect(workloadIdentityOf(readSpiffeId(text))).toBeUndefined();
  });

  test("has a trust domain, a path and a principal", () => {
    const id = readSpiffeId("spiffe://a-b_c.1/ns/x/sa/y");
    expect([trustDomainOf(id) as string, pathOf(id), principalOf(id)]).toEqual([
      "a-b_c.1",
      "/ns/x/sa/y",
      "a-b_c.1/ns/x/sa/y",
    ]);
    expect(pathOf(readSpiffeId("spiffe://td"))).toBe("");
  });

  test("has at most 2048 characters, and 255 in its trust domain", () => {
    const fill = (length: number) => `spiffe://td/${"a".repeat(length - 12)}`;
    expect(readSpiffeId(fill(2048)).length).toBe(2048);
    expect(isRefused(() => readSpiffeId(fill(2049)))).toBe(true);
    expect(readTrustDomain("a".repeat(255)).length).toBe(255);
    expect(isRefused(() => readTrustDomain("a".repeat(256)))).toBe(true);
  });

  test("is refused for every character that the specification does not name", () => {
    for (let code = 0; code < 0x180; code++) {
      const character = String.fromCharCode(code);
      const allowed = /[a-zA-Z0-9._-]/.test(character);
      if (character === "/") continue;
      expect([code, isRefused(() => readSpiffeId(`spiffe://td/a${character}b`))]).toEqual([
        code,
        !allowed,
      ]);
      const host = allowed && !/[A-Z]/.test(character);
      expect([code, isRefused(() => readSpiffeId(`spiffe://t${character}d/a`))]).toEqual([
        code,
        !host,
      ]);
    }
  });

  test("is never built from parts that hide a path", () => {
    for (const namespace of ["", ".", "..", "a/b", "a%2fb", "a b"])
      expect(
        isRefused(() => spiffeIdOf({ trustDomain: "td", namespace, serviceAccount: "x" })),
      ).toBe(true);
  });

  test("read from any text is a value or our refusal", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        isRefused(() => readSpiffeId(text));
        isRefused(() => readSpiffeId(`spiffe://${text}`));
      }),
    );
  });
});
