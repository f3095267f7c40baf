import type { ObjectIdentity } from "../identity.ts";

export interface ServiceAccount {
  readonly object: ObjectIdentity;
  /** Names of secrets that its pods may use. */
  readonly secrets: readonly string[];
}
