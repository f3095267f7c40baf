import type { Resource } from "#resources/resource.ts";
import { withoutNulls } from "#resources/schema/without-nulls.ts";
import { ApiError, badRequest } from "../errors/api-error.ts";
import { type Applied, applyConfig } from "../fields/apply-config.ts";
import { describePath, FieldSet } from "../fields/field-set.ts";
import { fieldsOfLastApplied, KUBECTL, withLastApplied } from "../fields/last-applied.ts";
import { describeManager, type Managers, readManagers } from "../fields/managers.ts";
import { ownedFields } from "../fields/owned-fields.ts";
import { fieldElement } from "../fields/path-element.ts";
import { ShapeError } from "../fields/shape.ts";
import { describeConflicts } from "../fields/take-over.ts";
import { apiVersionOf } from "../kinds/served-kind.ts";
import type { Core } from "./core.ts";
import { createObject } from "./create-object.ts";
import { unmanaged, writerOf } from "./manage-fields.ts";
import { keyOf, type ObjectRef } from "./object-ref.ts";
import { updateObject, type Wish } from "./update-object.ts";
import type { ApplyOptions } from "./write-options.ts";
import type { Written } from "./written.ts";

export interface ApplyRequest {
  readonly ref: ObjectRef;
  readonly subresource: "" | "status";
  readonly config: Resource;
}

/** Server-side apply: creates the object where there is none. Throws ApiError: `Conflict` over fields of others. */
export async function applyObject(
  core: Core,
  request: ApplyRequest,
  options: ApplyOptions,
): Promise<Written> {
  const { ref, config } = request;
  if (config.metadata.managedFields !== undefined)
    throw badRequest("metadata.managedFields must be nil");
  if (config.metadata.name !== "" && config.metadata.name !== ref.name)
    throw badRequest(
      `the name of the object (${config.metadata.name}) does not match the name on the URL (${ref.name})`,
    );
  const live = await core.store.get(keyOf(ref));
  if (live || request.subresource === "status")
    return updateObject(
      core,
      { ...request, change: (now) => applyTo(core, request, now, options) },
      options,
    );
  const wish = applyTo(core, request, undefined, options);
  const created = {
    ...wish,
    object: { ...wish.object, metadata: { ...wish.object.metadata, name: ref.name } },
  };
  return createObject(core, ref, created, options);
}

function applyTo(
  core: Core,
  { ref, config, subresource }: ApplyRequest,
  live: Resource | undefined,
  { fieldManager, force }: ApplyOptions,
): Wish {
  const schema = ref.kind.wholeSchema;
  const applied = attempt(() =>
    applyConfig(schema, {
      live: live === undefined ? {} : unmanaged(live),
      config,
      managers: managersOf(live),
      writer: writerOf(ref, fieldManager, subresource, core.clock),
      force: force === true,
      ignored: ignoredFields(ref, config, subresource),
      ...(live !== undefined && fieldManager === KUBECTL
        ? { forgiven: fieldsOfLastApplied(schema, live, apiVersionOf(ref.kind, ref.version)) }
        : {}),
    }),
  );
  if (applied.kind === "conflict") throw applyConflict(applied);
  const object = withoutNulls(applied.object) as Resource;
  const isKubectl = live !== undefined && fieldManager === KUBECTL;
  const { managers } = applied;
  return { object: isKubectl ? withLastApplied(object, config) : object, managers };
}

function managersOf(live: Resource | undefined): Managers {
  const managers = readManagers(live?.metadata.managedFields);
  if (managers) return managers;
  throw new ApiError("InternalError", "failed to decode managed fields of the stored object");
}

/** A main write never owns status, and a status write owns nothing else. */
function ignoredFields({ kind }: ObjectRef, config: Resource, subresource: string): FieldSet {
  if (!kind.hasStatus) return FieldSet.empty;
  const owned = ownedFields(kind.wholeSchema, config);
  const status = owned.only(new Set([fieldElement("status")]));
  return subresource === "status" ? owned.difference(status) : status;
}

function attempt(work: () => Applied): Applied {
  try {
    return work();
  } catch (error) {
    if (error instanceof ShapeError)
      throw badRequest(`failed to create typed patch object: ${error.message}`);
    throw error;
  }
}

function applyConflict({ conflicts }: Extract<Applied, { kind: "conflict" }>): ApiError {
  const causes = conflicts.map(({ manager, path }) => ({
    reason: "FieldManagerConflict",
    message: `conflict with ${describeManager(manager)}`,
    field: describePath(path),
  }));
  return new ApiError("Conflict", describeConflicts(conflicts), { details: { causes } });
}
