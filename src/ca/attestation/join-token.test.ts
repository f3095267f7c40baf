import { describe, expect, test } from "bun:test";
import { createHmac, createPublicKey, generateKeyPairSync, randomBytes } from "node:crypto";
import { join } from "node:path";
import fc from "fast-check";
import { exportJWK, SignJWT, UnsecuredJWT } from "jose";
import { tempDir } from "../../../test/support/temp-dir.ts";
import { CaError } from "../ca-error.ts";
import { openFileLedger } from "./file-ledger.ts";
import { createJoinTokens, TOKEN_AUDIENCE } from "./join-token.ts";
import { loadTokenKey } from "./token-key.ts";

const NOW = Date.UTC(2026, 2, 1);
const time = { nowMs: NOW };
const clock = { wallMs: () => time.nowMs, monotonicMs: () => 0 };
const GRANT = { namespace: "shop", serviceAccount: "web" };

async function issuer() {
  const dir = await tempDir();
  const key = await loadTokenKey(join(dir.path, "token-key.pem"));
  const ledger = await openFileLedger(join(dir.path, "redemptions"), clock);
  const tokens = createJoinTokens({
    trustDomain: "cluster.local",
    key,
    ledger,
    clock,
    randomBytes,
  });
  const dispose = async () => {
    await ledger[Symbol.asyncDispose]();
    await dir[Symbol.asyncDispose]();
  };
  return { tokens, key, [Symbol.asyncDispose]: dispose };
}

async function refusal(work: Promise<unknown>): Promise<string> {
  const error = await work.catch((cause: unknown) => cause);
  if (error instanceof CaError) return error.code;
  throw error ?? new Error("it was accepted");
}

/** A token that is right in everything, to be made wrong in one thing. */
function claims(changed: Record<string, unknown> = {}) {
  const seconds = Math.floor(NOW / 1000);
  return {
    sub: "system:serviceaccount:shop:web",
    iss: "weft:cluster.local",
    aud: TOKEN_AUDIENCE,
    iat: seconds,
    exp: seconds + 60,
    jti: "one",
    uses: 1,
    ...changed,
  };
}

describe("a join token", () => {
  test("proves the namespace and account that it was made for", async () => {
    await using at = await issuer();
    const made = await at.tokens.create(GRANT);
    expect(made.expiresAtMs).toBe(NOW + 3600_000);
    const attested = await at.tokens.attest(made.token);
    expect([attested.by, attested.id as string]).toEqual([
      "token",
      "spiffe://cluster.local/ns/shop/sa/web",
    ]);
  });

  test("is good for one key, as often as that key asks", async () => {
    await using at = await issuer();
    const { token } = await at.tokens.create(GRANT);
    const redeem = async (key: string) => (await at.tokens.attest(token)).redeem(key);
    await redeem("first");
    await redeem("first");
    expect(await refusal(redeem("second"))).toBe("spent-token");
  });

  test("with a count is good for as many keys, also when all come at once", async () => {
    await using at = await issuer();
    const { token } = await at.tokens.create({ ...GRANT, uses: 3 });
    const redeem = async (key: number) => (await at.tokens.attest(token)).redeem(`key ${key}`);
    const all = await Promise.allSettled(Array.from({ length: 10 }, (_, i) => redeem(i)));
    expect(all.filter(({ status }) => status === "fulfilled")).toHaveLength(3);
  });

  test("ends at its time", async () => {
    await using at = await issuer();
    const { token } = await at.tokens.create({ ...GRANT, lifetimeSeconds: 10 });
    time.nowMs = NOW + 9000;
    await at.tokens.attest(token);
    time.nowMs = NOW + 10_000;
    expect(await refusal(at.tokens.attest(token))).toBe("expired-token");
    time.nowMs = NOW;
  });

  test("of another mesh's key is refused", async () => {
    await using ours = await issuer();
    await using theirs = await issuer();
    const { token } = await theirs.tokens.create(GRANT);
    expect(await refusal(ours.tokens.attest(token))).toBe("bad-token");
  });

  test("is refused when any claim is missing, wrong or of another type", async () => {
    await using at = await issuer();
    const sign = (payload: object) =>
      new SignJWT(payload as never).setProtectedHeader({ alg: "ES256" }).sign(at.key);
    await at.tokens.attest(await sign(claims()));
    for (const changed of [
      { sub: "system:serviceaccount:shop" },
      { sub: "system:serviceaccount:shop:web:x" },
      { sub: "system:serviceaccount:../..:web" },
      { sub: "system:serviceaccount:shop:*" },
      { sub: undefined },
      { iss: "weft:other.example" },
      { aud: "kubernetes" },
      { aud: undefined },
      { exp: undefined },
      { iat: undefined },
      { jti: undefined },
      { jti: "" },
      { jti: "x".repeat(65) },
      { uses: undefined },
      { uses: 0 },
      { uses: "1" },
      { uses: 1.5 },
      { uses: 10_001 },
      { nbf: Math.floor(NOW / 1000) + 60 },
    ])
      expect([changed, await refusal(at.tokens.attest(await sign(claims(changed))))]).toEqual([
        changed,
        "bad-token",
      ]);
  });

  test("is refused with no algorithm, another one, or a key that it brings along", async () => {
    await using at = await issuer();
    const publicKey = createPublicKey(at.key);
    const other = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const jwk = await exportJWK(other.publicKey);
    const header = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const body = header(claims());
    const hmacInput = `${header({ alg: "HS256" })}.${body}`;
    const pem = publicKey.export({ type: "spki", format: "pem" });
    const confused = `${hmacInput}.${createHmac("sha256", pem).update(hmacInput).digest("base64url")}`;
    const sign = (head: { alg: string }, key: unknown) =>
      new SignJWT(claims() as never).setProtectedHeader(head as never).sign(key as never);
    for (const bad of [
      new UnsecuredJWT(claims() as never).encode(),
      `${header({ alg: "NONE" })}.${body}.`,
      confused,
      await sign({ alg: "RS256" }, rsa.privateKey),
      await sign({ alg: "ES256", jwk } as never, other.privateKey),
      await sign({ alg: "ES256", crit: ["x"], x: 1 } as never, at.key).catch(
        () => `${hmacInput}.x`,
      ),
      "",
      "a.b.c",
      "x".repeat(5000),
    ])
      expect(await refusal(at.tokens.attest(bad))).toBe("bad-token");
  });

  test("with any character changed, or any other text, is refused", async () => {
    await using at = await issuer();
    const { token } = await at.tokens.create(GRANT);
    const place = fc.nat(token.length - 3); // the last characters of base64url have bits that say nothing
    await fc.assert(
      fc.asyncProperty(place, fc.constantFrom("A", "b", "-", "=", "."), async (i, character) => {
        const changed = token.slice(0, i) + character + token.slice(i + 1);
        return changed === token || (await refusal(at.tokens.attest(changed))) !== "";
      }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.string(),
        async (text) => (await refusal(at.tokens.attest(text))) === "bad-token",
      ),
    );
  });

  test("is not made for names, counts or lifetimes that cannot be", async () => {
    await using at = await issuer();
    const { create } = at.tokens;
    for (const namespace of ["", "Shop", "a/b", "a:b", "..", "x".repeat(64)])
      expect(await refusal(create({ ...GRANT, namespace }))).toBe("bad-name");
    for (const serviceAccount of ["", "a b", "a:b", "a/..", "x".repeat(254)])
      expect(await refusal(create({ ...GRANT, serviceAccount }))).toBe("bad-name");
    for (const uses of [0, -1, 1.5, 10_001, Number.NaN])
      expect(await refusal(create({ ...GRANT, uses }))).toBe("bad-lifetime");
    for (const lifetimeSeconds of [0, -1, 1.5, 366 * 86_400])
      expect(await refusal(create({ ...GRANT, lifetimeSeconds }))).toBe("bad-lifetime");
  });
});
