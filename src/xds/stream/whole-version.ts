import { createHash } from "node:crypto";
import type { ConfigResource } from "#config/snapshot.ts";

/** A version of a whole list that depends on nothing but its content. */
export function wholeVersion(resources: readonly ConfigResource[]): string {
  const hash = createHash("sha256");
  for (const line of resources.map(({ name, version }) => `${name}\n${version}\n`).sort())
    hash.update(line);
  return hash.digest("hex").slice(0, 16);
}
