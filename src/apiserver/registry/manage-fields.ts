// `metadata.managedFields` of the next state: reads what is there, lets the writer own what it changed.
import type { Clock } from "#core/clock.ts";
import type { Resource } from "#resources/resource.ts";
import { type Managers, readManagers, writeManagers } from "../fields/managers.ts";
import { ShapeError } from "../fields/shape.ts";
import { trackUpdate, type Writer } from "../fields/track-update.ts";
import { apiVersionOf } from "../kinds/served-kind.ts";
import type { CollectionRef } from "./object-ref.ts";
import { timestamp } from "./stamp.ts";

export function writerOf(
  { kind, version }: CollectionRef,
  fieldManager: string,
  subresource: "" | "status",
  clock: Clock,
): Writer {
  const apiVersion = apiVersionOf(kind, version);
  return { name: fieldManager, apiVersion, subresource, time: timestamp(clock) };
}

/**
 * The managers to start from. A writer may hand in the list itself (kubectl moves entries from client-side to
 * server-side apply so) or empty it; a list that nobody can read is passed over for the stored one.
 */
export function managersOf(live: Resource | undefined, wished: Resource): Managers {
  const said = wished.metadata.managedFields;
  if (live !== undefined && isReset(said)) return new Map();
  const read = readManagers(said);
  if (read !== undefined && read.size > 0) return read;
  return readManagers(live?.metadata.managedFields) ?? new Map();
}

function isReset(list: readonly unknown[] | undefined): boolean {
  if (list === undefined) return false;
  const [only] = list;
  return list.length === 0 || (list.length === 1 && Object.keys(only ?? {}).length === 0);
}

export function trackedUpdate(
  ref: CollectionRef,
  live: Resource | undefined,
  next: Resource,
  managers: Managers,
  writer: Writer,
): Resource {
  try {
    const change = { before: live === undefined ? {} : unmanaged(live), after: unmanaged(next) };
    return withManagers(next, trackUpdate(ref.kind.wholeSchema, change, managers, writer));
  } catch (error) {
    // An item without the keys of its list: the update is legal, who owns the item cannot be said.
    if (error instanceof ShapeError) return withManagers(next, managers);
    throw error;
  }
}

export function withManagers(object: Resource, managers: Managers): Resource {
  const { managedFields: _, ...metadata } = object.metadata;
  if (managers.size === 0) return { ...object, metadata };
  return { ...object, metadata: { ...metadata, managedFields: writeManagers(managers) } };
}

/** The object as managers see it: without the record of who manages it. */
export function unmanaged(object: Resource): Resource {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}
