import { configTypes, type Snapshot } from "#config/snapshot.ts";

/** Whether two snapshots hold the very same pieces. Pieces are shared by identity, so this compares no content. */
export function sameSnapshot(a: Snapshot, b: Snapshot): boolean {
  return a === b || configTypes.every((type) => sameMap(a[type], b[type]));
}

function sameMap(a: ReadonlyMap<string, unknown>, b: ReadonlyMap<string, unknown>): boolean {
  if (a === b) return true;
  if (a.size !== b.size) return false;
  for (const [name, value] of a) if (b.get(name) !== value) return false;
  return true;
}
