import type { ConfigResource } from "#config/snapshot.ts";

/**
 * The resources that a rejection names: quoted names first (as Weft's proxy writes them), else names that occur in the
 * text and are not part of a longer one that occurs. Empty: the text names none of them.
 */
export function findCulprits(
  sent: readonly ConfigResource[],
  reason: string,
): readonly ConfigResource[] {
  if (sent.length === 1) return sent;
  const quoted = sent.filter(({ name }) => reason.includes(`"${name}"`));
  if (quoted.length > 0) return quoted;
  const named = sent.filter(({ name }) => name !== "" && reason.includes(name));
  return named.filter(
    ({ name }) => !named.some((other) => other.name !== name && other.name.includes(name)),
  );
}
