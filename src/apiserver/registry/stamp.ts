// What the server itself writes into an object: identity, times, generation; and what it keeps from the state before.
import { isDeepStrictEqual } from "node:util";
import type { Clock } from "#core/clock.ts";
import type { ObjectMeta, Resource } from "#resources/resource.ts";
import { badRequest } from "../errors/api-error.ts";
import { conflict, invalid } from "../errors/object-errors.ts";
import type { ServedKind } from "../kinds/served-kind.ts";
import type { CollectionRef, ObjectRef } from "./object-ref.ts";

export interface Stamps {
  readonly clock: Clock;
  readonly uuid: () => string;
  readonly random: () => number;
}

export function timestamp(clock: Clock): string {
  return `${new Date(clock.wallMs()).toISOString().slice(0, 19)}Z`;
}

/** A new object with everything that a user may not choose set by us. Throws ApiError. */
export function stampNew(ref: CollectionRef, object: Resource, stamps: Stamps): Resource {
  const { metadata } = object;
  if (metadata.resourceVersion !== undefined && metadata.resourceVersion !== "")
    throw badRequest("resourceVersion should not be set on objects to be created");
  const namespace = namespaceOf(ref, object);
  const {
    resourceVersion: _rv,
    deletionTimestamp: _dt,
    deletionGracePeriodSeconds: _dg,
    selfLink: _sl,
    namespace: _ns,
    ...kept
  } = metadata as ObjectMeta & { selfLink?: string };
  return withoutStatus(ref.kind, {
    ...object,
    metadata: {
      ...kept,
      name: metadata.name === "" ? generatedName(metadata.generateName, stamps) : metadata.name,
      ...(namespace === "" ? {} : { namespace }),
      uid: stamps.uuid(),
      creationTimestamp: timestamp(stamps.clock),
      generation: 1,
    },
  });
}

function withoutStatus(kind: ServedKind, object: Resource): Resource {
  if (!kind.hasStatus) return object;
  const { status: _, ...rest } = object;
  return rest as Resource;
}

function namespaceOf({ kind, namespace }: CollectionRef, object: Resource): string {
  const said = object.metadata.namespace ?? "";
  if (said === "" || said === namespace) return namespace;
  if (kind.namespaced)
    throw badRequest(
      "the namespace of the provided object does not match the namespace sent on the request",
    );
  const path = "metadata.namespace";
  const issue = { path, code: "forbidden", message: "not allowed on this type" };
  throw invalid(kind, object.metadata.name, [issue], object);
}

/** Without vowels and look-alikes, so that no words come out. */
const SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789";
const MAX_PREFIX = 58;

function generatedName(prefix: string | undefined, { random }: Stamps): string {
  if (!prefix) return "";
  const letter = (): string => SUFFIX_LETTERS[Math.floor(random() * SUFFIX_LETTERS.length)] ?? "b";
  return prefix.slice(0, MAX_PREFIX) + Array.from({ length: 5 }, letter).join("");
}

/** The next state: the user's wishes over what only the server may change. Throws ApiError. */
export function stampNext(
  ref: ObjectRef,
  live: Resource,
  wished: Resource,
  subresource: "" | "status",
): Resource {
  checkIdentity(ref, live, wished);
  const next =
    subresource === "status"
      ? { ...live, status: wished.status }
      : { ...wished, metadata: nextMeta(live, wished), ...statusOf(ref.kind, live) };
  if (next.status === undefined) delete (next as { status?: unknown }).status;
  const generation = live.metadata.generation ?? 1;
  const changed =
    subresource === "" && !isDeepStrictEqual(desired(ref.kind, live), desired(ref.kind, next));
  return {
    ...next,
    metadata: { ...next.metadata, generation: changed ? generation + 1 : generation },
  };
}

function statusOf(kind: ServedKind, live: Resource): { status?: unknown } {
  return kind.hasStatus ? { status: live.status } : {};
}

/** What generation counts: everything but metadata and, where it is a subresource, status. */
function desired(kind: ServedKind, object: Resource): unknown {
  const { apiVersion: _a, kind: _k, metadata: _m, ...rest } = object;
  if (!kind.hasStatus) return rest;
  const { status: _s, ...spec } = rest;
  return spec;
}

function nextMeta({ metadata: live }: Resource, { metadata: wished }: Resource): ObjectMeta {
  const given = <K extends keyof ObjectMeta>(key: K) =>
    live[key] === undefined ? {} : { [key]: live[key] };
  const {
    resourceVersion: _r,
    deletionTimestamp: _d,
    deletionGracePeriodSeconds: _g,
    ...rest
  } = wished;
  return {
    ...rest,
    name: live.name,
    ...given("namespace"),
    ...given("generateName"),
    ...given("uid"),
    ...given("creationTimestamp"),
    ...given("deletionTimestamp"),
    ...given("deletionGracePeriodSeconds"),
  };
}

function checkIdentity(ref: ObjectRef, live: Resource, wished: Resource): void {
  const { metadata } = wished;
  if (metadata.name !== "" && metadata.name !== ref.name)
    throw badRequest(
      `the name of the object (${metadata.name}) does not match the name on the URL (${ref.name})`,
    );
  if (metadata.namespace !== undefined && metadata.namespace !== (live.metadata.namespace ?? ""))
    throw badRequest(
      `the namespace of the object (${metadata.namespace}) does not match the namespace on the URL (${ref.namespace})`,
    );
  checkPreconditions(ref, live, metadata);
}

/** Throws ApiError Conflict when the caller expects another object or another state of it. */
export function checkPreconditions(
  { kind, name }: Omit<ObjectRef, "version">,
  live: Resource,
  { uid, resourceVersion }: { readonly uid?: string; readonly resourceVersion?: string },
): void {
  if (uid !== undefined && uid !== live.metadata.uid)
    throw conflict(
      kind,
      name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${live.metadata.uid ?? ""}`,
    );
  if (resourceVersion && resourceVersion !== live.metadata.resourceVersion)
    throw conflict(kind, name);
}
