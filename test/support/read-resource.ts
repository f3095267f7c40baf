import { parse } from "yaml";
import type { Issue } from "#core/issue.ts";
import type { ResourceKind } from "#resources/kind.ts";
import { kinds } from "#resources/kinds.ts";
import type { Resource } from "#resources/resource.ts";
import { validateObject } from "#resources/validate.ts";

/** The object that some YAML says. Throws when it is not YAML. */
export function resourceOf(yaml: string): Resource {
  return parse(yaml) as Resource;
}

/** Folder of a kind in `src/resources`, and name of its reference page: `VirtualService` → `virtual-service`. */
export function folderOf({ kind }: ResourceKind): string {
  return kind.replaceAll(/(?<=[a-z])(?=[A-Z])/g, "-").toLowerCase();
}

/** What the kind's reader makes of the object once it is defaulted, as it would be stored. */
export async function readResource(object: Resource): Promise<unknown> {
  const kind = kindOf(object);
  const module = await import(`#resources/${folderOf(kind)}/read.ts`);
  return module[`read${kind.kind}`](kind.applyDefaults?.(object) ?? object);
}

export function kindOf(object: Resource): ResourceKind {
  const kind = kinds.find((each) => each.kind === object.kind);
  if (!kind) throw new Error(`there is no kind ${object.kind}`);
  return kind;
}

/** What is wrong with the object, as `path: code`. Its API version is filled in. */
export function problemsOf(kind: ResourceKind, object: object): readonly string[] {
  return issuesOf(kind, object).map(({ path, code }) => `${path}: ${code}`);
}

export function issuesOf(kind: ResourceKind, object: object): readonly Issue[] {
  const prefix = kind.group === "" ? "" : `${kind.group}/`;
  const metadata = { name: "example", ...(kind.namespaced ? { namespace: "shop" } : {}) };
  return validateObject(kind, {
    apiVersion: `${prefix}${kind.versions[0]}`,
    kind: kind.kind,
    metadata,
    ...object,
  });
}
