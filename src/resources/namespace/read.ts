import { identityOf } from "../identity.ts";
import type { Resource } from "../resource.ts";
import type { Namespace } from "./namespace.ts";

export function readNamespace(object: Resource): Namespace {
  const status = object.status as { phase?: string } | undefined;
  const phase = status?.phase === "Terminating" ? "Terminating" : "Active";
  return { object: identityOf(object), phase };
}
