/** Where two decoded messages first differ, in Envoy's words: `virtual_hosts[0].routes[1].route.cors`. */
export interface Difference {
  readonly path: string;
  readonly found: unknown;
  readonly expected: unknown;
}

/** Decodes an `Any` of a known type, so that a difference inside it can be named; undefined for unknown types. */
export type ExpandAny = (typeUrl: string, bytes: Uint8Array) => unknown;

/**
 * Compares a message as it arrived with the one that we would have written for the configuration read from it. A
 * difference is a field that Weft would otherwise silently ignore.
 */
export function firstDifference(
  found: unknown,
  expected: unknown,
  expand: ExpandAny,
  path = "",
): Difference | undefined {
  if (Object.is(found, expected)) return undefined;
  if (found instanceof Uint8Array && expected instanceof Uint8Array)
    return sameBytes(found, expected) ? undefined : { path, found, expected };
  if (Array.isArray(found) && Array.isArray(expected)) {
    for (let i = 0; i < Math.max(found.length, expected.length); i++) {
      const difference = firstDifference(found[i], expected[i], expand, `${path}[${i}]`);
      if (difference) return difference;
    }
    return undefined;
  }
  if (isRecord(found) && isRecord(expected)) return inRecords(found, expected, expand, path);
  return { path, found, expected };
}

function inRecords(
  found: Fields,
  expected: Fields,
  expand: ExpandAny,
  path: string,
): Difference | undefined {
  if ("$case" in found && found.$case !== expected.$case)
    return { path: join(path, String(found.$case)), found: found.value, expected: undefined };
  if ("typeUrl" in found && found.typeUrl === expected.typeUrl) {
    const inside = insideAny(found, expected, expand, path);
    if (inside) return inside;
  }
  for (const key of Object.keys(found)) {
    const step = stepInto(path, key, found);
    const difference = firstDifference(found[key], expected[key], expand, step);
    if (difference) return difference;
  }
  for (const key of Object.keys(expected)) {
    if (key in found || expected[key] === undefined) continue;
    return { path: join(path, key), found: undefined, expected: expected[key] };
  }
  return undefined;
}

function insideAny(
  found: Fields,
  expected: Fields,
  expand: ExpandAny,
  path: string,
): Difference | undefined {
  const [a, b] = [found.value, expected.value];
  if (!(a instanceof Uint8Array && b instanceof Uint8Array) || sameBytes(a, b)) return undefined;
  const typeUrl = String(found.typeUrl);
  return firstDifference(expand(typeUrl, a), expand(typeUrl, b), expand, path);
}

/** A oneof is `{ $case, value }` under a name that is not on the wire: the case's own name is the step. */
function stepInto(path: string, key: string, record: Fields): string {
  if ("$case" in record) return key === "value" ? join(path, String(record.$case)) : path;
  const value = record[key];
  return isRecord(value) && "$case" in value ? path : join(path, key);
}

function join(path: string, key: string): string {
  const step = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return path === "" ? step : `${path}.${step}`;
}

type Fields = Readonly<Record<string, unknown>>;

function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** A value in a few words, for a sentence to the operator. */
export function describeValue(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
