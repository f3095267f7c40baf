import type { Resource } from "#resources/resource.ts";
import { StoreError } from "./store-error.ts";

/** Reads one object that a store wrote; throws `corrupt` when it cannot have been one. */
export function readStoredObject(body: string, where: string): Resource {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (cause) {
    throw new StoreError("corrupt", `${where} holds an object that is not JSON`, cause);
  }
  if (!isResource(value))
    throw new StoreError("corrupt", `${where} holds something that is not an object of the API`);
  return value;
}

function isResource(value: unknown): value is Resource {
  if (typeof value !== "object" || value === null || !("metadata" in value)) return false;
  const { metadata } = value;
  if (typeof metadata !== "object" || metadata === null) return false;
  return "name" in metadata && typeof metadata.name === "string";
}
