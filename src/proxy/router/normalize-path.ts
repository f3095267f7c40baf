import type { HttpSettings } from "#config/listener.ts";

export type PathNormalization = HttpSettings["pathNormalization"];

/**
 * Brings the path (without query) into the one form that policy, routing and the upstream see. Undefined: the path is
 * not valid (NUL, an invalid escape) and the request is to be refused with 400.
 */
export function normalizePath(path: string, mode: PathNormalization): string | undefined {
  if (mode === "none") return BAD_ESCAPE.test(path) ? undefined : path;
  if (!SUSPICIOUS.test(path)) return path;
  if (!path.startsWith("/")) return path === "*" ? path : undefined;

  const decoded = decode(path, mode === "decode-and-merge-slashes");
  if (decoded === undefined) return undefined;
  const slashed = decoded.replaceAll("\\", "/");
  const merged = mode === "base" ? slashed : slashed.replace(/\/{2,}/g, "/");
  return DOT_SEGMENT.test(merged) ? removeDotSegments(merged) : merged;
}

/** Anything that normalisation might touch: most paths pass with this one look. */
const SUSPICIOUS = /[%\\]|\/\.|\/\/|^[^/]/;
const BAD_ESCAPE = /%00|%(?![0-9a-fA-F]{2})/;
const DOT_SEGMENT = /\/\.\.?(\/|$)/;
const UNRESERVED = /[A-Za-z0-9\-._~]/;

/** Decodes escapes of unreserved characters (and, when asked, of slashes); others stay as they were written. */
function decode(path: string, slashesToo: boolean): string | undefined {
  let valid = true;
  const decoded = path.replace(/%(.{0,2})/gs, (written, digits: string) => {
    if (!/^[0-9a-fA-F]{2}$/.test(digits) || digits === "00") {
      valid = false;
      return written;
    }
    const character = String.fromCharCode(Number.parseInt(digits, 16));
    if (UNRESERVED.test(character)) return character;
    return slashesToo && (character === "/" || character === "\\") ? "/" : written;
  });
  return valid ? decoded : undefined;
}

/** RFC 3986 §5.2.4: above the root is the root. */
function removeDotSegments(path: string): string {
  const kept: string[] = [];
  const segments = path.split("/");
  for (let i = 1; i < segments.length; i++) {
    const segment = segments[i] ?? "";
    const last = i === segments.length - 1;
    if (segment === "..") {
      kept.pop();
    } else if (segment !== ".") {
      kept.push(segment);
      continue;
    }
    if (last) kept.push("");
  }
  return `/${kept.join("/")}`;
}
