import { createHash } from "node:crypto";

/** Version of a piece of configuration: 128 bits of SHA-256, in hexadecimal. */
export function contentHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}
