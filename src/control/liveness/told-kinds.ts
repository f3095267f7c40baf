import type { ResourceKind } from "#resources/kind.ts";
import { kinds } from "#resources/kinds.ts";

/** Kinds that proxies run and whose status says where each object is live. */
export const toldKinds: readonly ResourceKind[] = kinds.filter(
  ({ fields, hasStatus }) => fields === "strict" && hasStatus,
);
