/** Istio's path normalisation: the one string that policy, routing and the upstream see. The query is left alone. */
import { Http1Error } from "./http1-error.ts";

/** `MeshConfig.pathNormalization.normalization`. */
export type PathNormalization = "NONE" | "BASE" | "MERGE_SLASHES" | "DECODE_AND_MERGE_SLASHES";

/**
 * Path and query in, the same out, normalised. Returns its argument when nothing changes. Throws Http1Error `bad-path`
 * for an invalid escape or an escaped NUL. What is not an origin-form path (`*`, an authority) is returned as it is.
 */
export function normalizePath(pathAndQuery: string, mode: PathNormalization): string {
  if (pathAndQuery.charCodeAt(0) !== 47) return pathAndQuery;
  const verdict = survey(pathAndQuery, mode);
  if (verdict === CLEAN) return pathAndQuery;
  const queryAt = pathAndQuery.indexOf("?");
  const path = queryAt < 0 ? pathAndQuery : pathAndQuery.slice(0, queryAt);
  const query = queryAt < 0 ? "" : pathAndQuery.slice(queryAt);
  return rewrite(path, mode) + query;
}

const CLEAN = 0;
const DIRTY = 1;

/** One look without allocation: whether anything may have to change. Escapes are validated in every mode. */
function survey(text: string, mode: PathNormalization): number {
  let verdict = CLEAN;
  let previous = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 63) break;
    if (code === 37) {
      const value = escapeAt(text, i);
      if (isUnreserved(value) || (mode === "DECODE_AND_MERGE_SLASHES" && isSlash(value)))
        verdict = DIRTY;
    } else if (code === 92) verdict = DIRTY;
    else if (code === 46 && previous === 47) verdict = DIRTY;
    else if (code === 47 && previous === 47 && mode !== "BASE") verdict = DIRTY;
    previous = code;
  }
  return mode === "NONE" ? CLEAN : verdict;
}

function rewrite(path: string, mode: PathNormalization): string {
  let decoded = "";
  for (let i = 0; i < path.length; i++) {
    const code = path.charCodeAt(i);
    if (code === 92) decoded += "/";
    else if (code !== 37) decoded += path[i];
    else {
      const value = escapeAt(path, i);
      if (isUnreserved(value)) decoded += String.fromCharCode(value);
      else if (mode === "DECODE_AND_MERGE_SLASHES" && isSlash(value)) decoded += "/";
      else decoded += path.slice(i, i + 3);
      i += 2;
    }
  }
  if (mode !== "BASE") decoded = decoded.replace(/\/{2,}/g, "/");
  return removeDotSegments(decoded);
}

function removeDotSegments(path: string): string {
  if (!/\/\.{1,2}(\/|$)/.test(path)) return path;
  const kept: string[] = [];
  const segments = path.slice(1).split("/");
  for (const [i, segment] of segments.entries()) {
    const isDots = segment === "." || segment === "..";
    // Above the root is the root (RFC 3986 §5.2.4).
    if (segment === "..") kept.pop();
    if (!isDots) kept.push(segment);
    else if (i === segments.length - 1) kept.push("");
  }
  return `/${kept.join("/")}`;
}

/** The byte that the escape at `index` stands for. */
function escapeAt(text: string, index: number): number {
  const high = hexValue(text.charCodeAt(index + 1));
  const low = hexValue(text.charCodeAt(index + 2));
  if (high < 0 || low < 0 || (high === 0 && low === 0)) throw new Http1Error("bad-path");
  return high * 16 + low;
}

function hexValue(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

function isSlash(code: number): boolean {
  return code === 47 || code === 92;
}

function isUnreserved(code: number): boolean {
  const lower = code | 32;
  if (lower >= 97 && lower <= 122) return true;
  if (code >= 48 && code <= 57) return true;
  return code === 45 || code === 46 || code === 95 || code === 126;
}
