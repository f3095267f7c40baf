import { hash } from "node:crypto";

/** Version of a piece of configuration: 128 bits of SHA-256, in hexadecimal. */
export function contentHash(text: string): string {
  return hash("sha256", text, "hex").slice(0, 32);
}
