import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A whole number from 0 up to, and without, `below`. */
export type Random = (below: number) => number;

const MAX_BYTES = 4_096;

/** Small, fast and the same for the same seed (mulberry32). */
export function randomFrom(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

export const corpusFolder = (target: string): string => join(import.meta.dir, "corpus", target);

/** The inputs that a target begins with, by their files' names. */
export function corpusOf(target: string): ReadonlyMap<string, Buffer> {
  const folder = corpusFolder(target);
  const files = existsSync(folder) ? readdirSync(folder) : [];
  return new Map(files.map((file) => [file, readFileSync(join(folder, file))]));
}

/** An input like another, with a few edits; one of sixteen is noise. */
export function mutate(seed: Buffer, dictionary: readonly string[], random: Random): Buffer {
  if (random(16) === 0) return noise(random);
  let bytes = seed;
  for (let round = random(6); round >= 0; round--) bytes = edit(bytes, dictionary, random);
  return bytes.subarray(0, MAX_BYTES);
}

function noise(random: Random): Buffer {
  const bytes = Buffer.alloc(random(64));
  for (let i = 0; i < bytes.length; i++) bytes[i] = random(256);
  return bytes;
}

function edit(bytes: Buffer, dictionary: readonly string[], random: Random): Buffer {
  const at = random(bytes.length + 1);
  const before = bytes.subarray(0, at);
  switch (random(6)) {
    case 0: {
      const word = Buffer.from(dictionary[random(dictionary.length)] ?? "", "latin1");
      return Buffer.concat([before, word, bytes.subarray(at)]);
    }
    case 1:
      return Buffer.concat([before, bytes.subarray(at + 1 + random(8))]);
    case 2:
      return Buffer.concat([before, Buffer.of(random(256)), bytes.subarray(at + 1)]);
    case 3: {
      const flipped = (bytes[at] ?? 0) ^ (1 << random(8));
      return Buffer.concat([before, Buffer.of(flipped), bytes.subarray(at + 1)]);
    }
    case 4:
      return Buffer.concat([before, bytes.subarray(random(bytes.length + 1))]);
    default:
      return before;
  }
}
