import { Buffer } from "node:buffer";
import { identityOf } from "../identity.ts";
import type { Resource } from "../resource.ts";
import type { Secret } from "./secret.ts";

export function readSecret(object: Resource): Secret {
  const data = Object.entries((object.data ?? {}) as Record<string, string>);
  return {
    object: identityOf(object),
    type: (object.type as string | undefined) ?? "Opaque",
    data: Object.fromEntries(data.map(([key, value]) => [key, Buffer.from(value, "base64")])),
  };
}
