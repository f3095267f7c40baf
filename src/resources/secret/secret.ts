import type { ObjectIdentity } from "../identity.ts";

export interface Secret {
  readonly object: ObjectIdentity;
  readonly type: string;
  readonly data: Readonly<Record<string, Uint8Array>>;
}
