import { createPublicKey, type KeyObject } from "node:crypto";
import { errors, type JWTPayload, jwtVerify, SignJWT } from "jose";
import type { Clock } from "#core/clock.ts";
import { readTrustDomain, type SpiffeId, spiffeIdOf } from "#core/spiffe/spiffe-id.ts";
import { CaError } from "../ca-error.ts";
import type { Attested, TokenCheck } from "./attested.ts";
import type { RedemptionLedger } from "./redemption-ledger.ts";

/** Whom a token lets in, and how often. */
export interface JoinTokenGrant {
  readonly namespace: string;
  readonly serviceAccount: string;
  /** For how many different keys; default 1. */
  readonly uses?: number;
  /** Default an hour, at most a year. */
  readonly lifetimeSeconds?: number;
}

export interface JoinToken {
  /** A secret: whoever shows it first gets the identity. */
  readonly token: string;
  /** What may be shown in lists and logs. */
  readonly tokenId: string;
  readonly id: SpiffeId;
  readonly expiresAtMs: number;
}

export interface JoinTokens extends TokenCheck {
  /** Throws CaError `bad-name` or `bad-lifetime`. */
  create(grant: JoinTokenGrant): Promise<JoinToken>;
}

export interface JoinTokensOptions {
  readonly trustDomain: string;
  /** ECDSA P-256, see `loadTokenKey`. */
  readonly key: KeyObject;
  readonly ledger: RedemptionLedger;
  readonly clock: Clock;
  readonly randomBytes: (count: number) => Uint8Array;
}

/** Istio's audience for tokens that the CA takes. */
export const TOKEN_AUDIENCE = "istio-ca";
const LIFETIME_SECONDS = { initial: 3600, max: 365 * 24 * 3600 };
const USES_MAX = 10_000;
const TOKEN_BYTES_MAX = 4096;
const NAMESPACE = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const ACCOUNT = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;
const SUBJECT = /^system:serviceaccount:([^:]+):([^:]+)$/;

/** Tokens are JWTs that only this mesh's CA signs and reads: ES256 and nothing else, one issuer, one audience. */
export function createJoinTokens(options: JoinTokensOptions): JoinTokens {
  const { key, ledger, clock } = options;
  const trustDomain = readTrustDomain(options.trustDomain);
  const issuer = `weft:${trustDomain}`;
  const publicKey = createPublicKey(key);

  async function create(grant: JoinTokenGrant): Promise<JoinToken> {
    const { namespace, serviceAccount, uses, lifetimeSeconds } = readGrant(grant);
    const tokenId = Buffer.from(options.randomBytes(16)).toString("base64url");
    const issuedAt = Math.floor(clock.wallMs() / 1000);
    const expiresAt = issuedAt + lifetimeSeconds;
    const token = await new SignJWT({ uses })
      .setProtectedHeader({ alg: "ES256", typ: "JWT" })
      .setSubject(`system:serviceaccount:${namespace}:${serviceAccount}`)
      .setIssuer(issuer)
      .setAudience(TOKEN_AUDIENCE)
      .setIssuedAt(issuedAt)
      .setExpirationTime(expiresAt)
      .setJti(tokenId)
      .sign(key);
    const id = spiffeIdOf({ trustDomain, namespace, serviceAccount });
    return { token, tokenId, id, expiresAtMs: expiresAt * 1000 };
  }

  async function attest(token: string): Promise<Attested> {
    const claims = readClaims(await verifiedPayload(token));
    const { namespace, serviceAccount, ...use } = claims;
    const id = spiffeIdOf({ trustDomain, namespace, serviceAccount });
    return {
      by: "token",
      id,
      async redeem(publicKeyHash) {
        if (await ledger.redeem({ ...use, publicKeyHash })) return;
        throw new CaError(
          "spent-token",
          `join token ${use.tokenId} of ${id} was used ${use.usesMax} times, which is all it is good for: make a new one`,
        );
      },
    };
  }

  async function verifiedPayload(token: string): Promise<JWTPayload> {
    if (token.length > TOKEN_BYTES_MAX) throw badToken(`over ${TOKEN_BYTES_MAX} bytes`);
    try {
      const { payload } = await jwtVerify(token, publicKey, {
        algorithms: ["ES256"],
        audience: TOKEN_AUDIENCE,
        issuer,
        requiredClaims: ["sub", "exp", "iat", "jti", "uses"],
        currentDate: new Date(clock.wallMs()),
      });
      return payload;
    } catch (cause) {
      throw refusal(cause);
    }
  }

  return { create, attest };
}

function readGrant(grant: JoinTokenGrant): Required<JoinTokenGrant> {
  const { namespace, serviceAccount, uses = 1 } = grant;
  const lifetimeSeconds = grant.lifetimeSeconds ?? LIFETIME_SECONDS.initial;
  if (!NAMESPACE.test(namespace) || !ACCOUNT.test(serviceAccount))
    throw new CaError(
      "bad-name",
      `${JSON.stringify(namespace)} / ${JSON.stringify(serviceAccount)}: a namespace and an account are lower-case DNS names`,
    );
  if (!isWhole(uses, USES_MAX))
    throw new CaError("bad-lifetime", `a token has 1 to ${USES_MAX} uses, not ${uses}`);
  if (!isWhole(lifetimeSeconds, LIFETIME_SECONDS.max))
    throw new CaError(
      "bad-lifetime",
      `a token lives 1 to ${LIFETIME_SECONDS.max} seconds, not ${lifetimeSeconds}`,
    );
  return { namespace, serviceAccount, uses, lifetimeSeconds };
}

const isWhole = (value: unknown, max: number): value is number =>
  typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= max;

/** The claims were signed by us, but perhaps by another version of us: they are read, not believed. */
function readClaims({ sub = "", jti = "", exp = 0, uses }: JWTPayload) {
  const [, namespace = "", serviceAccount = ""] = SUBJECT.exec(sub) ?? [];
  if (!NAMESPACE.test(namespace) || !ACCOUNT.test(serviceAccount))
    throw badToken("its subject is no service account");
  if (!isWhole(uses, USES_MAX)) throw badToken("its count of uses is none");
  if (jti === "" || jti.length > 64) throw badToken("its id is empty or long");
  return { namespace, serviceAccount, tokenId: jti, usesMax: uses, expiresAtMs: exp * 1000 };
}

function refusal(cause: unknown): CaError {
  if (cause instanceof errors.JWTExpired)
    return new CaError("expired-token", "the join token's time is over: make a new one", { cause });
  if (cause instanceof errors.JWTClaimValidationFailed)
    return badToken(`its ${cause.claim} is not what this CA asks for`, cause);
  return badToken("this mesh's CA did not sign it, or it was cut or changed", cause);
}

function badToken(what: string, cause?: unknown): CaError {
  return new CaError("bad-token", `join token: ${what}`, { cause });
}
