import type { Resource } from "#resources/resource.ts";

/** What a write did. The object is in the version that was asked for. */
export interface Written {
  readonly object: Resource;
  readonly warnings: readonly string[];
  readonly outcome: "created" | "updated" | "unchanged" | "deleted";
}
