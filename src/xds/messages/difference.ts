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
): Difference | undefined {
  const place = differ(found, expected, expand);
  if (place === undefined) return undefined;
  // Found from the inside out: a message that is as expected, and that is every good one, costs no text.
  let path = "";
  for (const step of place.steps.toReversed())
    path += path === "" || step.startsWith("[") ? step : `.${step}`;
  return { path, found: place.found, expected: place.expected };
}

interface Place {
  /** Innermost first. */
  readonly steps: string[];
  readonly found: unknown;
  readonly expected: unknown;
}

function differ(found: unknown, expected: unknown, expand: ExpandAny): Place | undefined {
  if (Object.is(found, expected)) return undefined;
  if (found instanceof Uint8Array && expected instanceof Uint8Array)
    return sameBytes(found, expected) ? undefined : { steps: [], found, expected };
  if (Array.isArray(found) && Array.isArray(expected)) return inArrays(found, expected, expand);
  if (isRecord(found) && isRecord(expected)) return inRecords(found, expected, expand);
  return { steps: [], found, expected };
}

function inArrays(
  found: readonly unknown[],
  expected: readonly unknown[],
  expand: ExpandAny,
): Place | undefined {
  for (let i = 0; i < Math.max(found.length, expected.length); i++) {
    const place = differ(found[i], expected[i], expand);
    if (place) return within(`[${i}]`, place);
  }
  return undefined;
}

function inRecords(found: Fields, expected: Fields, expand: ExpandAny): Place | undefined {
  if ("$case" in found && found.$case !== expected.$case)
    return { steps: [inSnakeCase(String(found.$case))], found: found.value, expected: undefined };
  if ("typeUrl" in found && found.typeUrl === expected.typeUrl) {
    const inside = insideAny(found, expected, expand);
    if (inside) return inside;
  }
  for (const key of Object.keys(found)) {
    if (Object.is(found[key], expected[key])) continue; // most fields of most messages, without a call
    const place = differ(found[key], expected[key], expand);
    if (place) return within(stepInto(key, found), place);
  }
  for (const key of Object.keys(expected)) {
    if (key in found || expected[key] === undefined) continue;
    return { steps: [inSnakeCase(key)], found: undefined, expected: expected[key] };
  }
  return undefined;
}

function insideAny(found: Fields, expected: Fields, expand: ExpandAny): Place | undefined {
  const [a, b] = [found.value, expected.value];
  if (!(a instanceof Uint8Array && b instanceof Uint8Array) || sameBytes(a, b)) return undefined;
  const typeUrl = String(found.typeUrl);
  return differ(expand(typeUrl, a), expand(typeUrl, b), expand);
}

function within(step: string | undefined, place: Place): Place {
  if (step !== undefined) place.steps.push(step);
  return place;
}

/** A oneof is `{ $case, value }` under a name that is not on the wire: the case's own name is the step. */
function stepInto(key: string, record: Fields): string | undefined {
  if ("$case" in record) return key === "value" ? inSnakeCase(String(record.$case)) : undefined;
  const value = record[key];
  return isRecord(value) && "$case" in value ? undefined : inSnakeCase(key);
}

const inSnakeCase = (key: string): string =>
  key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

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
