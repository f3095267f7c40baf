import type { Buffer } from "node:buffer";
import { latin1Slice } from "./latin1.ts";

/** Longer texts are rarely the same twice. */
const LENGTH_MAX = 128;
/** Bytes at the end of a text by which its place is found: paths and hosts begin alike. */
const SAMPLES = 8;

/**
 * Texts that are met again and again (hosts, paths), as the strings that were made of them first: a string costs its memory
 * and, later, its collection. It holds at most one text per slot. Not for secrets.
 */
export class TextMemory {
  readonly #texts: string[];
  readonly #mask: number;

  /** `slots`: a power of two. */
  constructor(slots: number) {
    this.#texts = new Array<string>(slots).fill("");
    this.#mask = slots - 1;
  }

  /** The text (latin1), made only when it is not remembered. */
  text(bytes: Buffer, start: number, end: number): string {
    if (end - start > LENGTH_MAX) return latin1Slice(bytes, start, end);
    const slot = this.#slotOf(bytes, start, end);
    const known = this.#texts[slot] as string;
    if (isSame(bytes, start, end, known)) return known;
    const text = latin1Slice(bytes, start, end);
    this.#texts[slot] = text;
    return text;
  }

  /** The text when it is remembered. */
  find(bytes: Buffer, start: number, end: number): string | undefined {
    if (end === start) return undefined;
    const known = this.#texts[this.#slotOf(bytes, start, end)] as string;
    return isSame(bytes, start, end, known) ? known : undefined;
  }

  #slotOf(bytes: Buffer, start: number, end: number): number {
    let hash = end - start;
    for (let at = Math.max(start, end - SAMPLES); at < end; at++)
      hash = (Math.imul(hash, 31) + (bytes[at] as number)) | 0;
    return (hash ^ (hash >>> 9)) & this.#mask;
  }
}

function isSame(bytes: Buffer, start: number, end: number, text: string): boolean {
  if (text.length !== end - start) return false;
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text.charCodeAt(i)) return false;
  return true;
}
