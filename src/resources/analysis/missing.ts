import type { ExportTo } from "../export-to.ts";
import { fieldPath } from "../schema/field-path.ts";
import type { Lister } from "./lister.ts";

export function missingNamespace(lister: Lister, name: string, path: string): readonly string[] {
  if (lister.get("namespaces", "", name) !== undefined) return [];
  return [`${path}: there is no namespace ${name} yet`];
}

export function missingAccount(
  lister: Lister,
  namespace: string,
  name: string,
  path: string,
): readonly string[] {
  if (lister.get("serviceaccounts", namespace, name) !== undefined) return [];
  return [`${path}: there is no service account ${name} in namespace ${namespace} yet`];
}

/** Names of `exportTo` that are no namespaces. */
export function missingExports(lister: Lister, exportTo: ExportTo, own: string): readonly string[] {
  if (exportTo.kind === "all") return [];
  return exportTo.names.flatMap((name, i) =>
    name === own ? [] : missingNamespace(lister, name, fieldPath("spec.exportTo", i)),
  );
}
