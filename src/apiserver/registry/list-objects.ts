import type { Resource } from "#resources/resource.ts";
import type { ListOptions, ListResult } from "#store/store.ts";
import { StoreError } from "#store/store-error.ts";
import { ApiError, badRequest } from "../errors/api-error.ts";
import type { FieldSelector } from "../selectors/field-selector.ts";
import type { LabelSelector } from "../selectors/label-selector.ts";
import type { Core } from "./core.ts";
import type { CollectionRef } from "./object-ref.ts";

export interface Selection {
  readonly labels: LabelSelector | undefined;
  readonly fields: FieldSelector | undefined;
}

export interface ListRequest {
  /** `namespace` `""` means all of them. */
  readonly ref: CollectionRef;
  readonly selection: Selection;
  readonly limit?: number;
  readonly continueFrom?: string;
  /** What the list must show at least (`at-least`) or exactly. Absent: the latest. */
  readonly version?: { readonly match: "at-least" | "exact"; readonly resourceVersion: string };
}

export function selects({ labels, fields }: Selection, object: Resource): boolean {
  return (labels?.(object.metadata.labels) ?? true) && (fields?.matches(object) ?? true);
}

export function selectsAll({ labels, fields }: Selection): boolean {
  return labels === undefined && fields === undefined;
}

/** Objects as they are stored, one moment over all pages. Throws ApiError: `Expired` when that moment is compacted away. */
export async function listObjects({ store }: Core, request: ListRequest): Promise<ListResult> {
  const { ref, selection, limit } = request;
  const key = ref.kind.key;
  try {
    let page = await store.list(key, pageOptions(request, limit, request.continueFrom));
    await checkAtLeast(request, page);
    if (selectsAll(selection)) return page;
    const items: Resource[] = [];
    for (;;) {
      for (const item of page.items) if (selects(selection, item)) items.push(item);
      const isFull = limit !== undefined && items.length >= limit;
      if (page.continueFrom === undefined || isFull) break;
      page = await store.list(
        key,
        pageOptions(request, limit && limit - items.length, page.continueFrom),
      );
    }
    const { resourceVersion, continueFrom } = page;
    return { items, resourceVersion, ...(continueFrom === undefined ? {} : { continueFrom }) };
  } catch (error) {
    throw error instanceof StoreError ? listError(error) : error;
  }
}

function pageOptions(
  { ref, version }: ListRequest,
  limit: number | undefined,
  continueFrom: string | undefined,
): ListOptions {
  return {
    ...(ref.namespace === "" ? {} : { namespace: ref.namespace }),
    ...(limit ? { limit } : {}),
    ...(continueFrom === undefined ? {} : { continueFrom }),
    ...(version?.match === "exact" ? { at: version.resourceVersion } : {}),
  };
}

async function checkAtLeast({ version }: ListRequest, { resourceVersion }: ListResult) {
  if (version === undefined) return;
  const wanted = Number(version.resourceVersion);
  if (!Number.isSafeInteger(wanted))
    throw badRequest(`Invalid value: ${JSON.stringify(version.resourceVersion)}: must be a number`);
  if (wanted > Number(resourceVersion)) throw tooLarge(version.resourceVersion, resourceVersion);
}

function tooLarge(wanted: string, current: string): ApiError {
  const message = `Too large resource version: ${wanted}, current: ${current}`;
  const causes = [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }];
  return new ApiError("Timeout", message, { details: { causes, retryAfterSeconds: 1 } });
}

function listError(error: StoreError): unknown {
  if (error.code === "gone")
    return new ApiError(
      "Expired",
      "The provided continue parameter is too old to display a consistent list result. You must start a new list without the continue parameter.",
      { cause: error },
    );
  if (error.code === "invalid-version") return badRequest(error.message);
  return error;
}
