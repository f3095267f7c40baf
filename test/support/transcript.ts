// Reads HTTP/1 messages of well-behaved peers for comparison: nothing is tidied, names keep their case, lines their order.

/** A message as it was on the wire; only the cuts between chunks are forgotten. */
export interface Transcript {
  /** First line and field lines, latin1. */
  readonly head: readonly string[];
  readonly body: string;
  readonly trailers: readonly string[];
}

export interface ReadMessage extends Transcript {
  /** Octets that it took. */
  readonly size: number;
}

/** The message that begins the text (latin1); undefined until it is whole. `hasEnded`: no more will come. */
export function readMessage(
  text: string,
  { hasEnded = false, toHead = false }: { hasEnded?: boolean; toHead?: boolean } = {},
): ReadMessage | undefined {
  const headEnd = text.indexOf("\r\n\r\n");
  if (headEnd === -1) return undefined;
  const head = text.slice(0, headEnd).split("\r\n");
  const start = headEnd + 4;
  const length = fieldOf(head, "content-length");
  if (isBodiless(head, toHead)) return { head, body: "", trailers: [], size: start };
  if (fieldOf(head, "transfer-encoding") !== undefined) return readChunks(text, start, head);
  if (length !== undefined) {
    const end = start + Number(length);
    if (text.length < end) return undefined;
    return { head, body: text.slice(start, end), trailers: [], size: end };
  }
  if (!head[0]?.startsWith("HTTP/")) return { head, body: "", trailers: [], size: start };
  return hasEnded ? { head, body: text.slice(start), trailers: [], size: text.length } : undefined;
}

export function fieldOf(head: readonly string[], name: string): string | undefined {
  const line = head.slice(1).find((each) => each.toLowerCase().startsWith(`${name}:`));
  return line?.slice(name.length + 1).trim();
}

function isBodiless([first = ""]: readonly string[], toHead: boolean): boolean {
  const [, status] = /^HTTP\/1\.[01] (\d+)/.exec(first) ?? [];
  if (status === undefined) return false;
  return toHead || status.startsWith("1") || status === "204" || status === "304";
}

function readChunks(text: string, start: number, head: readonly string[]): ReadMessage | undefined {
  let body = "";
  for (let at = start; ; ) {
    const lineEnd = text.indexOf("\r\n", at);
    if (lineEnd === -1) return undefined;
    const size = Number.parseInt(text.slice(at, lineEnd), 16);
    if (size > 0) {
      body += text.slice(lineEnd + 2, lineEnd + 2 + size);
      at = lineEnd + 2 + size + 2;
      if (text.length < at) return undefined;
      continue;
    }
    if (text.startsWith("\r\n", lineEnd + 2))
      return { head, body, trailers: [], size: lineEnd + 4 };
    const end = text.indexOf("\r\n\r\n", lineEnd);
    if (end === -1) return undefined;
    return { head, body, trailers: text.slice(lineEnd + 2, end).split("\r\n"), size: end + 4 };
  }
}
