import type { ConfigResource } from "#config/snapshot.ts";

/**
 * The resources that a rejection names: quoted names first (as Weft's proxy writes them), else names that stand in the
 * text by themselves. Empty: the text names none of them.
 */
export function findCulprits(
  sent: readonly ConfigResource[],
  reason: string,
): readonly ConfigResource[] {
  if (sent.length === 1) return sent;
  const quoted = sent.filter(({ name }) => reason.includes(`"${name}"`));
  return quoted.length > 0 ? quoted : sent.filter(({ name }) => standsIn(reason, name));
}

const NAME_CHARACTER = /[A-Za-z0-9_.|*-]/;

/** `a.shop` does not stand in "outbound|80||a.shop.svc: refused". */
function standsIn(text: string, name: string): boolean {
  if (name === "") return false;
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    const around = [text[at - 1] ?? " ", text[at + name.length] ?? " "];
    if (!around.some((character) => NAME_CHARACTER.test(character))) return true;
  }
  return false;
}
