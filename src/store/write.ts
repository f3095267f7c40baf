import type { Resource } from "#resources/resource.ts";
import { type Change, describeKey, stamped } from "./change.ts";
import type { ObjectKey } from "./store.ts";
import { StoreError } from "./store-error.ts";

/** Turns the state before a write into the change that it makes; throws StoreError when it may not. */
export type Decide = (key: ObjectKey, before: Resource | undefined, revision: number) => Change;

export function decideCreate(object: Resource): Decide {
  return (key, before, revision) => {
    if (before) throw new StoreError("already-exists", `${describeKey(key)} already exists`);
    return { revision, type: "added", key, object: stamped(object, revision) };
  };
}

export function decideUpdate(object: Resource, expected: string): Decide {
  return (key, before, revision) => {
    const previous = existing(key, before, expected);
    return { revision, type: "modified", key, object: stamped(object, revision), previous };
  };
}

export function decideDelete(expected: string | undefined): Decide {
  return (key, before, revision) => {
    const previous = existing(key, before, expected);
    return { revision, type: "deleted", key, object: stamped(previous, revision), previous };
  };
}

function existing(key: ObjectKey, before: Resource | undefined, expected?: string): Resource {
  if (!before) throw new StoreError("not-found", `${describeKey(key)} does not exist`);
  const version = before.metadata.resourceVersion;
  if (expected !== undefined && version !== expected)
    throw new StoreError(
      "conflict",
      `${describeKey(key)} is at version ${version}, not ${expected}`,
    );
  return before;
}
