import type { ConfigResource } from "#config/snapshot.ts";

type Resources = ReadonlyMap<string, ConfigResource>;

const known = new WeakMap<Resources, WeakMap<Resources, readonly string[]>>();

/**
 * Names whose resource differs (by identity) between two maps. Worked out once per pair, however many proxies step
 * from the one to the other.
 */
export function changedNames(before: Resources, after: Resources): readonly string[] {
  let steps = known.get(before);
  if (!steps) {
    steps = new WeakMap();
    known.set(before, steps);
  }
  const remembered = steps.get(after);
  if (remembered) return remembered;
  const names: string[] = [];
  for (const [name, resource] of after) if (before.get(name) !== resource) names.push(name);
  for (const name of before.keys()) if (!after.has(name)) names.push(name);
  steps.set(after, names);
  return names;
}
