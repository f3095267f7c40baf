import type { Resource } from "#resources/resource.ts";
import type { Store } from "#store/store.ts";
import { invalid } from "../errors/object-errors.ts";
import type { ServedKind } from "../kinds/served-kind.ts";
import { checkObject } from "../validation/check-object.ts";
import type { AdmissionPlugin, AdmissionRequest, ObjectReader } from "./admission.ts";

export interface Admitted {
  readonly object: Resource | undefined;
  readonly warnings: readonly string[];
}

/** Asks every plugin in order. Throws ApiError Invalid with the issues of the first that has any. */
export async function runAdmission(
  plugins: readonly AdmissionPlugin[],
  kind: ServedKind,
  request: AdmissionRequest,
): Promise<Admitted> {
  let { object } = request;
  const warnings: string[] = [];
  for (const plugin of plugins) {
    const verdict = await plugin.review(object === undefined ? request : { ...request, object });
    if (verdict.issues.length > 0)
      throw invalid(kind, request.name, verdict.issues, object ?? request.oldObject);
    warnings.push(...verdict.warnings);
    if (verdict.object === undefined) continue;
    checkObject(kind, verdict.object);
    object = verdict.object;
  }
  return { object, warnings };
}

export function objectReader(store: Store): ObjectReader {
  return {
    get: (kind, namespace, name) => store.get({ kind, namespace, name }),
    list: async (kind, options) => (await store.list(kind, options)).items,
  };
}
