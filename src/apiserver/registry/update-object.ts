import { isDeepStrictEqual } from "node:util";
import type { Issue } from "#core/issue.ts";
import type { Resource } from "#resources/resource.ts";
import { isStoreError } from "#store/store-error.ts";
import { objectReader, runAdmission } from "../admission/run-admission.ts";
import { conflict, invalid, notFound } from "../errors/object-errors.ts";
import type { Managers } from "../fields/managers.ts";
import { apiVersionOf, inVersion, storedVersion } from "../kinds/served-kind.ts";
import { checkObject, handleUnknownFields } from "../validation/check-object.ts";
import type { Core } from "./core.ts";
import { managersOf, trackedUpdate, withManagers, writerOf } from "./manage-fields.ts";
import { keyOf, type ObjectRef } from "./object-ref.ts";
import { stampNext } from "./stamp.ts";
import type { WriteOptions } from "./write-options.ts";
import type { Written } from "./written.ts";

const ATTEMPTS = 10;

export interface Wish {
  readonly object: Resource;
  /** Set by server-side apply, which knows who owns what already. */
  readonly managers?: Managers;
}

export interface UpdateRequest {
  readonly ref: ObjectRef;
  readonly subresource: "" | "status";
  /** What the live object, in the version that was asked for, is to become. Called again when somebody was faster. */
  readonly change: (live: Resource) => Wish;
}

/** Throws ApiError: `Conflict` when the wish names a version that is not the live one. */
export async function updateObject(
  core: Core,
  request: UpdateRequest,
  options: WriteOptions,
): Promise<Written> {
  const { ref } = request;
  for (let attempt = 1; ; attempt++) {
    const stored = await core.store.get(keyOf(ref));
    if (!stored) throw notFound(ref.kind, ref.name);
    const live = inVersion(stored, ref.kind, ref.version);
    const next = await prepare(core, request, live, options);
    if (isSameState(live, next.object))
      return { object: live, warnings: next.warnings, outcome: "unchanged" };
    try {
      return await replace(core, ref, live, next, options);
    } catch (error) {
      if (isStoreError(error, "not-found")) throw notFound(ref.kind, ref.name);
      if (!isStoreError(error, "conflict")) throw error;
      if (attempt === ATTEMPTS) throw conflict(ref.kind, ref.name);
    }
  }
}

async function prepare(core: Core, request: UpdateRequest, live: Resource, options: WriteOptions) {
  const { ref, subresource } = request;
  const { kind } = ref;
  const wish = request.change(live);
  const checked = handleUnknownFields(kind, wish.object, options.fieldValidation ?? "Warn");
  const stamped = stampNext(ref, live, checked.object, subresource);
  const whole = kind.applyDefaults?.(stamped) ?? stamped;
  checkFinalizers(ref, live, whole);
  checkObject(kind, whole);
  const admitted = await runAdmission(core.admission, kind, {
    operation: "update",
    kind,
    namespace: ref.namespace,
    name: ref.name,
    subresource,
    object: whole,
    oldObject: live,
    user: options.user,
    dryRun: options.dryRun === true,
    objects: objectReader(core.store),
  });
  const next = admitted.object ?? whole;
  const writer = writerOf(ref, options.fieldManager, subresource, core.clock);
  const object = wish.managers
    ? withManagers(next, wish.managers)
    : trackedUpdate(ref, live, next, managersOf(live, wish.object), writer);
  const own = subresource === "" ? (kind.warnings?.(object) ?? []) : [];
  return { object, warnings: [...checked.warnings, ...own, ...admitted.warnings] };
}

function checkFinalizers({ kind, name }: ObjectRef, live: Resource, next: Resource): void {
  if (live.metadata.deletionTimestamp === undefined) return;
  const before = new Set(live.metadata.finalizers);
  const added = (next.metadata.finalizers ?? []).filter((finalizer) => !before.has(finalizer));
  if (added.length === 0) return;
  const issue: Issue = {
    path: "metadata.finalizers",
    code: "forbidden",
    message: `no new finalizers can be added if the object is being deleted, found new finalizers []string{${added.map((text) => JSON.stringify(text)).join(", ")}}`,
  };
  throw invalid(kind, name, [issue], next);
}

async function replace(
  { store }: Core,
  ref: ObjectRef,
  live: Resource,
  { object, warnings }: { object: Resource; warnings: readonly string[] },
  options: WriteOptions,
): Promise<Written> {
  const version = live.metadata.resourceVersion ?? "";
  const isLast =
    object.metadata.deletionTimestamp !== undefined && !object.metadata.finalizers?.length;
  const outcome = isLast ? "deleted" : "updated";
  if (options.dryRun) {
    const shown = { ...object, metadata: { ...object.metadata, resourceVersion: version } };
    return { object: shown, warnings, outcome };
  }
  const key = keyOf(ref);
  const apiVersion = apiVersionOf(ref.kind, storedVersion(ref.kind));
  const written = isLast
    ? await store.delete(key, version)
    : await store.update(key, { ...object, apiVersion }, version);
  return { object: inVersion(written, ref.kind, ref.version), warnings, outcome };
}

/** The same but for when somebody wrote it. */
function isSameState(live: Resource, next: Resource): boolean {
  return isDeepStrictEqual(timeless(live), timeless(next));
}

function timeless(object: Resource): unknown {
  const { resourceVersion: _, managedFields, ...metadata } = object.metadata;
  const managers = (managedFields ?? []).map((entry) => ({ ...(entry as object), time: "" }));
  return { ...object, metadata: { ...metadata, managers } };
}
