import { isObject } from "./field-path.ts";

/** The value without fields that are null: YAML's `match:` with nothing after it is a field that is not there. Lists keep theirs. */
export function withoutNulls<T>(value: T): T {
  return strip(value) as T;
}

function strip(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(strip);
  if (!isObject(value)) return value;
  const entries = Object.entries(value).filter(([, child]) => child !== null);
  return Object.fromEntries(entries.map(([key, child]) => [key, strip(child)]));
}
