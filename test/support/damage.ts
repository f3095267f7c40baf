import { readFileSync, writeFileSync } from "node:fs";

/** What power cuts, full disks, bad memory and people do to a file. */
export const damages = {
  "is empty": () => Buffer.alloc(0),
  "is cut": (whole) => whole.subarray(0, Math.floor(whole.length / 2)),
  "has a flipped bit": (whole) => {
    const copy = Buffer.from(whole);
    const middle = Math.floor(copy.length / 2);
    copy[middle] = (copy[middle] ?? 0) ^ 4;
    return copy;
  },
  "is garbage": (whole) => Buffer.from(crypto.getRandomValues(new Uint8Array(whole.length))),
  "is of another kind": () => Buffer.from('{"a":1}\n'),
} as const satisfies Readonly<Record<string, (whole: Buffer) => Buffer>>;

export type Damage = keyof typeof damages;

/** Does it in place: the same file, mode and owner. */
export function damage(path: string, how: Damage): void {
  writeFileSync(path, damages[how](readFileSync(path)));
}
