import type { Resource } from "#resources/resource.ts";
import { isStoreError } from "#store/store-error.ts";
import { objectReader, runAdmission } from "../admission/run-admission.ts";
import { conflict, notFound } from "../errors/object-errors.ts";
import { inVersion } from "../kinds/served-kind.ts";
import type { Core } from "./core.ts";
import { keyOf, type ObjectRef } from "./object-ref.ts";
import { checkPreconditions, timestamp } from "./stamp.ts";
import type { DeleteOptions } from "./write-options.ts";
import type { Written } from "./written.ts";

const ATTEMPTS = 10;

/** Removes the object, or marks it while finalizers hold it (`updated`). Throws ApiError. */
export async function deleteObject(
  core: Core,
  ref: ObjectRef,
  options: DeleteOptions,
): Promise<Written> {
  for (let attempt = 1; ; attempt++) {
    const live = await core.store.get(keyOf(ref));
    if (!live) throw notFound(ref.kind, ref.name);
    checkPreconditions(ref, live, options);
    const { warnings } = await runAdmission(core.admission, ref.kind, {
      operation: "delete",
      kind: ref.kind,
      namespace: ref.namespace,
      name: ref.name,
      subresource: "",
      oldObject: live,
      user: options.user,
      dryRun: options.dryRun === true,
      objects: objectReader(core.store),
    });
    try {
      const { object, outcome } = await markOrRemove(core, ref, live, options);
      return { object: inVersion(object, ref.kind, ref.version), warnings, outcome };
    } catch (error) {
      if (isStoreError(error, "not-found")) throw notFound(ref.kind, ref.name);
      if (!isStoreError(error, "conflict")) throw error;
      if (attempt === ATTEMPTS) throw conflict(ref.kind, ref.name);
    }
  }
}

async function markOrRemove(
  core: Core,
  ref: ObjectRef,
  live: Resource,
  { dryRun }: DeleteOptions,
): Promise<Omit<Written, "warnings">> {
  const key = keyOf(ref);
  const version = live.metadata.resourceVersion ?? "";
  if (!live.metadata.finalizers?.length) {
    if (dryRun) return { object: live, outcome: "deleted" };
    return { object: await core.store.delete(key, version), outcome: "deleted" };
  }
  if (live.metadata.deletionTimestamp !== undefined) return { object: live, outcome: "unchanged" };
  const marked = {
    ...live,
    metadata: {
      ...live.metadata,
      deletionTimestamp: timestamp(core.clock),
      deletionGracePeriodSeconds: 0,
      generation: (live.metadata.generation ?? 1) + 1,
    },
  };
  if (dryRun) return { object: marked, outcome: "updated" };
  return { object: await core.store.update(key, marked, version), outcome: "updated" };
}
