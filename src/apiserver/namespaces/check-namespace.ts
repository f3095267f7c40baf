import { ApiError } from "../errors/api-error.ts";
import { forbidden, notFound } from "../errors/object-errors.ts";
import type { Core } from "../registry/core.ts";
import type { CollectionRef } from "../registry/object-ref.ts";

export const NAMESPACES = "namespaces";
export const SERVICE_ACCOUNTS = "serviceaccounts";

/** Throws ApiError unless objects may be created in the namespace of the collection. */
export async function checkNamespaceAccepts(
  { store, table }: Core,
  { kind, namespace }: CollectionRef,
  name: string,
): Promise<void> {
  const namespaces = table.byKey(NAMESPACES);
  if (!kind.namespaced || !namespaces) return;
  const found = await store.get({ kind: NAMESPACES, namespace: "", name: namespace });
  if (!found) throw notFound(namespaces, namespace);
  if (found.metadata.deletionTimestamp === undefined) return;
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
  const { message, details } = forbidden(kind, name, why);
  const cause = {
    reason: "NamespaceTerminating",
    message: `namespace ${namespace} is being terminated`,
    field: "metadata.namespace",
  };
  throw new ApiError("Forbidden", message, { details: { ...details, causes: [cause] } });
}
