import type { Origin } from "#config/origin.ts";
import type { ObjectIdentity } from "#resources/identity.ts";

/** The object, or one rule of it by its field path. */
export function originOf(object: ObjectIdentity, rule?: string): Origin {
  const { kind, namespace, name, generation } = object;
  return { kind, namespace, name, generation, ...(rule !== undefined && { rule }) };
}
