import type { GroupVersion } from "../kinds/kind-table.ts";

/** What a path under `/api` or `/apis` names. */
export interface RequestPath extends GroupVersion {
  /** `""`: none named. */
  readonly namespace: string;
  readonly plural: string;
  /** `""`: the collection. */
  readonly name: string;
  readonly subresource: string;
}

/** Undefined when the path can name nothing that is served. */
export function readRequestPath(pathname: string): RequestPath | undefined {
  const parts = pathname.split("/").slice(1).map(decode);
  if (parts.at(-1) === "") parts.pop();
  const texts = parts.filter((part) => part !== undefined);
  if (texts.length !== parts.length || texts.some((part) => part === "")) return undefined;
  const [root, ...rest] = texts;
  if (root === "api") return below("", rest);
  const [group, ...afterGroup] = rest;
  return root === "apis" && group !== undefined ? below(group, afterGroup) : undefined;
}

/** Subresources of a namespace itself; anything else after its name is a collection in it. */
const OF_NAMESPACE = new Set(["status", "finalize"]);

function below(group: string, [version, ...parts]: readonly string[]): RequestPath | undefined {
  if (version === undefined) return undefined;
  const [first, namespace, plural, ...rest] = parts;
  const isScoped =
    first === "namespaces" &&
    namespace !== undefined &&
    plural !== undefined &&
    !(group === "" && rest.length === 0 && OF_NAMESPACE.has(plural));
  const tail = isScoped ? [plural, ...rest] : parts;
  const [kind = "", name = "", subresource = "", ...more] = tail;
  if (kind === "" || more.length > 0) return undefined;
  return { group, version, namespace: isScoped ? namespace : "", plural: kind, name, subresource };
}

/** Undefined for what may not be a part: escapes that are none, slashes, and dots that climb. */
function decode(part: string): string | undefined {
  try {
    const text = decodeURIComponent(part);
    return text.includes("/") || text === "." || text === ".." || text.includes("\0")
      ? undefined
      : text;
  } catch {
    return undefined; // not an escape: the path names nothing, which the caller says
  }
}
