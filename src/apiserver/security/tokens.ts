import { createHash, timingSafeEqual } from "node:crypto";
import type { User } from "../admission/admission.ts";

/** A secret, and whom it makes of its bearer. */
export interface BearerToken {
  readonly token: string;
  readonly user: string;
  readonly groups: readonly string[];
}

export type Authenticate = (authorization: string | null) => User | undefined;

/** Compares digests, and all of them, so that the time taken says nothing of how near a guess was. */
export function makeAuthenticate(tokens: readonly BearerToken[]): Authenticate {
  const known = tokens.map(({ token, user, groups }) => ({
    digest: digestOf(token),
    user: { name: user, groups: [...groups, "system:authenticated"] },
  }));
  return (authorization) => {
    const [, token] = /^Bearer +(\S+)$/i.exec(authorization ?? "") ?? [];
    if (token === undefined) return undefined;
    const digest = digestOf(token);
    let found: User | undefined;
    for (const one of known) if (timingSafeEqual(one.digest, digest)) found = one.user;
    return found;
  };
}

function digestOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
