import { StoreError } from "./store-error.ts";

/** Where the next page of a list begins, and the moment that the whole list shows. */
export interface PageToken {
  readonly revision: number;
  readonly after: string;
}

export function encodePageToken({ revision, after }: PageToken): string {
  return Buffer.from(JSON.stringify([revision, after])).toString("base64url");
}

export function readPageToken(text: string): PageToken {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, "base64url").toString());
    if (Array.isArray(value) && Number.isSafeInteger(value[0]) && typeof value[1] === "string")
      return { revision: value[0], after: value[1] };
  } catch (cause) {
    throw new StoreError("invalid-version", "continue key is not valid", cause);
  }
  throw new StoreError("invalid-version", "continue key is not valid");
}

export function readRevision(text: string): number {
  const revision = Number(text);
  if (!/^\d{1,15}$/.test(text))
    throw new StoreError("invalid-version", `${JSON.stringify(text)} is not a resource version`);
  return revision;
}
