import {
  type ConfigResource,
  type ConfigType,
  configTypes,
  emptySnapshot,
  type Snapshot,
} from "#config/snapshot.ts";
import { addToStateFile, readStateRecords, type StateFile, writeStateFile } from "./state-file.ts";

/** What differs between two snapshots, as it is kept on disk. */
interface Step {
  readonly upserted: readonly ConfigResource[];
  readonly removed: readonly (readonly [ConfigType, name: string])[];
}

/**
 * A snapshot as it is kept on disk: its resources in order. The checksum of the file vouches for their shape. Returns how
 * many octets that is.
 */
export function writeLastGood(path: string, snapshot: Snapshot): number {
  return writeStateFile(path, { format: FORMAT, resources: resourcesOf(snapshot) });
}

/**
 * Adds what has changed to the file that holds `before`, which costs as much as has changed and not as much as there is.
 * Returns how many octets that is. Throws when there is no such file.
 */
export function addToLastGood(path: string, before: Snapshot, after: Snapshot): number {
  const step = stepBetween(before, after);
  return step.upserted.length + step.removed.length === 0 ? 0 : addToStateFile(path, step);
}

export function readLastGood(path: string): StateFile<Snapshot> {
  return readStateRecords(path, ([whole, ...steps]) => {
    const { format, resources } = whole as { format: unknown; resources: ConfigResource[] };
    if (format !== FORMAT) throw new Error(`written by another version (format ${String(format)})`);
    return snapshotOf(stepped(resources, steps as Step[]));
  });
}

function stepBetween(before: Snapshot, after: Snapshot): Step {
  const upserted: ConfigResource[] = [];
  const removed: [ConfigType, string][] = [];
  for (const type of configTypes) {
    const [old, now] = [before[type], after[type]];
    if (old === now) continue;
    for (const [name, resource] of now) if (old.get(name) !== resource) upserted.push(resource);
    for (const name of old.keys()) if (!now.has(name)) removed.push([type, name]);
  }
  return { upserted, removed };
}

/** In one pass over what there is: a file may have been added to thousands of times. */
function stepped(resources: readonly ConfigResource[], steps: readonly Step[]): ConfigResource[] {
  const keyOf = (type: ConfigType, name: string) => `${type} ${name}`;
  const all = new Map(resources.map((each) => [keyOf(each.type, each.name), each]));
  for (const { upserted, removed } of steps) {
    for (const [type, name] of removed) all.delete(keyOf(type, name));
    for (const each of upserted) all.set(keyOf(each.type, each.name), each);
  }
  return [...all.values()];
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
