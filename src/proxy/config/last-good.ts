import {
  type ConfigResource,
  type ConfigType,
  configTypes,
  emptySnapshot,
  type Snapshot,
} from "#config/snapshot.ts";
import { readStateFile, type StateFile, writeStateFile } from "./state-file.ts";

/** A snapshot as it is kept on disk: its resources in order. The checksum of the file vouches for their shape. */
export function writeLastGood(path: string, snapshot: Snapshot): void {
  writeStateFile(path, { format: FORMAT, resources: resourcesOf(snapshot) });
}

export function readLastGood(path: string): StateFile<Snapshot> {
  return readStateFile(path, (json) => {
    const { format, resources } = json as { format: unknown; resources: ConfigResource[] };
    if (format !== FORMAT) throw new Error(`written by another version (format ${String(format)})`);
    return snapshotOf(resources);
  });
}

/** Counts up when the shape of a configuration value changes: older files are then fetched anew instead of misread. */
const FORMAT = 2;

/** In the order in which they may be taken up. */
export function resourcesOf(snapshot: Snapshot): readonly ConfigResource[] {
  return configTypes.flatMap((type) => [...snapshot[type].values()]);
}

/** A snapshot of these resources. */
export function snapshotOf(resources: readonly ConfigResource[]): Snapshot {
  const maps = Object.fromEntries(
    (Object.keys(emptySnapshot) as ConfigType[]).map((type) => [
      type,
      new Map(resources.filter((r) => r.type === type).map((r) => [r.name, r])),
    ]),
  );
  return { ...emptySnapshot, ...maps };
}
