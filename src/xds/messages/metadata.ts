import type { Origin } from "#config/origin.ts";
import type { Origins } from "#config/route.ts";
import type { Metadata } from "./generated/envoy/config/core/v3/base.ts";

/** The reserved key of `filter_metadata`: what Envoy's own fields cannot say. Envoy carries and ignores it. */
export const WEFT_KEY = "dev.weft";

type Fields = Readonly<Record<string, unknown>>;

/** Fields that are undefined or empty records are left out; no field at all is no metadata. */
export function toMetadata(
  ours: Fields,
  others: Readonly<Record<string, Fields>> = {},
): Metadata | undefined {
  const filterMetadata: Metadata["filterMetadata"] = { ...others };
  const kept = Object.entries(ours).filter(([, value]) => value !== undefined);
  if (kept.length > 0) filterMetadata[WEFT_KEY] = Object.fromEntries(kept);
  if (Object.keys(filterMetadata).length === 0) return undefined;
  return { filterMetadata, typedFilterMetadata: {} };
}

/** Our fields; readers of single fields tolerate anything, since the whole is compared with what we would write. */
export function fromMetadata(metadata: Metadata | undefined, key = WEFT_KEY): Fields {
  return asFields(metadata?.filterMetadata[key]);
}

export function asFields(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : {};
}

export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function asString(value: unknown): string {
  return typeof value === "string" ? value : "";
}

export function asStrings(value: unknown): readonly string[] {
  return asList(value).map(asString);
}

export function asNumber(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

/** Undefined for none, so that metadata does not grow an empty field. */
export function toOrigins(origins: Origins): Readonly<Record<string, string>> | undefined {
  const entries = Object.entries(origins);
  if (entries.length === 0) return undefined;
  return Object.fromEntries(entries.map(([path, origin]) => [path, toOrigin(origin)]));
}

export function fromOrigins(value: unknown): Origins {
  return Object.fromEntries(
    Object.entries(asFields(value)).map(([path, text]) => [path, fromOrigin(text)]),
  );
}

/** One string per origin, because a protobuf Struct costs a message per value. */
export function toOrigin({ kind, namespace, name, generation, rule }: Origin): string {
  const parts = [kind, namespace, name, generation];
  return JSON.stringify(rule === undefined ? parts : [...parts, rule]);
}

export function fromOrigin(text: unknown): Origin {
  const [kind, namespace, name, generation, rule] = asList(parseJson(text));
  return {
    kind: asString(kind),
    namespace: asString(namespace),
    name: asString(name),
    generation: asNumber(generation),
    ...(rule === undefined ? {} : { rule: asString(rule) }),
  };
}

/** Undefined for what is not JSON. */
export function parseJson(text: unknown): unknown {
  try {
    return JSON.parse(asString(text));
  } catch {
    return undefined; // the comparison after reading names the field
  }
}
