import type { Resource } from "#resources/resource.ts";
import { isStoreError } from "#store/store-error.ts";
import { objectReader, runAdmission } from "../admission/run-admission.ts";
import { alreadyExists } from "../errors/object-errors.ts";
import type { Managers } from "../fields/managers.ts";
import { apiVersionOf, inVersion, storedVersion } from "../kinds/served-kind.ts";
import { checkNamespaceAccepts } from "../namespaces/check-namespace.ts";
import { checkObject, handleUnknownFields } from "../validation/check-object.ts";
import type { Core } from "./core.ts";
import { managersOf, trackedUpdate, withManagers, writerOf } from "./manage-fields.ts";
import { type CollectionRef, keyOf, type ObjectRef } from "./object-ref.ts";
import { stampNew } from "./stamp.ts";
import type { WriteOptions } from "./write-options.ts";
import type { Written } from "./written.ts";

/** A generated name that is taken is not the caller's fault: another is tried. */
const NAME_ATTEMPTS = 8;

export interface Creation {
  readonly object: Resource;
  /** Set by server-side apply, which knows who owns what already. */
  readonly managers?: Managers;
}

/** Throws ApiError. */
export async function createObject(
  core: Core,
  ref: CollectionRef,
  creation: Creation,
  options: WriteOptions,
): Promise<Written> {
  await checkNamespaceAccepts(core, ref, creation.object.metadata.name);
  const { metadata } = creation.object;
  const attempts = metadata.name === "" && metadata.generateName ? NAME_ATTEMPTS : 1;
  for (let attempt = 1; ; attempt++) {
    const { object, warnings } = await prepare(core, ref, creation, options);
    const named = { ...ref, name: object.metadata.name };
    const created = await insert(core, named, object, options.dryRun === true);
    if (created)
      return { object: inVersion(created, ref.kind, ref.version), warnings, outcome: "created" };
    if (attempt === attempts) throw alreadyExists(ref.kind, named.name);
  }
}

async function prepare(core: Core, ref: CollectionRef, creation: Creation, options: WriteOptions) {
  const { kind } = ref;
  const checked = handleUnknownFields(kind, creation.object, options.fieldValidation ?? "Warn");
  const stamped = stampNew(ref, checked.object, core);
  const whole = kind.applyDefaults?.(stamped) ?? stamped;
  checkObject(kind, whole);
  const admitted = await runAdmission(core.admission, kind, {
    operation: "create",
    kind,
    namespace: ref.namespace,
    name: whole.metadata.name,
    subresource: "",
    object: whole,
    user: options.user,
    dryRun: options.dryRun === true,
    objects: objectReader(core.store),
  });
  const object = owned(core, ref, admitted.object ?? whole, creation, options);
  const warnings = [...checked.warnings, ...(kind.warnings?.(object) ?? []), ...admitted.warnings];
  return { object, warnings };
}

function owned(
  core: Core,
  ref: CollectionRef,
  object: Resource,
  { managers }: Creation,
  { fieldManager }: WriteOptions,
): Resource {
  if (managers) return withManagers(object, managers);
  const writer = writerOf(ref, fieldManager, "", core.clock);
  return trackedUpdate(ref, undefined, object, managersOf(undefined, object), writer);
}

/** Undefined when the name is taken. */
async function insert(
  { store }: Core,
  ref: ObjectRef,
  object: Resource,
  dryRun: boolean,
): Promise<Resource | undefined> {
  const key = keyOf(ref);
  if (dryRun) return (await store.get(key)) === undefined ? object : undefined;
  const apiVersion = apiVersionOf(ref.kind, storedVersion(ref.kind));
  try {
    return await store.create(key, { ...object, apiVersion });
  } catch (error) {
    if (isStoreError(error, "already-exists")) return undefined;
    throw error;
  }
}
