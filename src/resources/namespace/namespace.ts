import type { ObjectIdentity } from "../identity.ts";

export interface Namespace {
  readonly object: ObjectIdentity;
  readonly phase: "Active" | "Terminating";
}
