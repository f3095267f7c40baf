import { type ConfigResource, configTypes, type Snapshot } from "#config/snapshot.ts";
import { changedNames } from "#xds/stream/changed-names.ts";

/** Whether two snapshots hold the very same pieces. Pieces are shared by identity, so this compares no content. */
export function sameSnapshot(a: Snapshot, b: Snapshot): boolean {
  return a === b || configTypes.every((type) => sameMap(a[type], b[type]));
}

function sameMap(
  a: ReadonlyMap<string, ConfigResource>,
  b: ReadonlyMap<string, ConfigResource>,
): boolean {
  return a === b || changedNames(a, b).length === 0;
}
