import { SpiffeError } from "./spiffe-error.ts";
import type { SpiffeId } from "./spiffe-id.ts";

/** Whether a verified peer is one of those that the called service may be. An empty set matches nobody. */
export function identityMatches(id: SpiffeId, expected: ReadonlySet<SpiffeId>): boolean {
  return expected.has(id);
}

/** Secure naming: throws SpiffeError `identity-mismatch` that names both sides. `what` is who was called. */
export function checkIdentity(
  id: SpiffeId,
  expected: ReadonlySet<SpiffeId>,
  what: string,
): SpiffeId {
  if (identityMatches(id, expected)) return id;
  const names = Array.from(expected).slice(0, 3).join(", ");
  const more = expected.size > 3 ? ` and ${expected.size - 3} more` : "";
  throw new SpiffeError(
    "identity-mismatch",
    `${what} was answered by ${id}; expected ${names === "" ? "nobody: no account is known for it" : names}${more}`,
  );
}
