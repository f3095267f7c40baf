import type { Issue } from "#core/issue.ts";
import type { ResourceKind } from "#resources/kind.ts";
import type { Resource } from "#resources/resource.ts";
import type { KindKey, ListOptions } from "#store/store.ts";

/** Who asks. Whoever has a token may do everything; the name is for records and for plugins. */
export interface User {
  readonly name: string;
  readonly groups: readonly string[];
}

export interface AdmissionRequest {
  readonly operation: "create" | "update" | "delete";
  readonly kind: ResourceKind;
  readonly namespace: string;
  readonly name: string;
  readonly subresource: "" | "status";
  /** The object as it would be stored: defaulted and valid. Absent for a deletion. */
  readonly object?: Resource;
  /** As it is stored now. Absent for a creation. */
  readonly oldObject?: Resource;
  readonly user: User;
  readonly dryRun: boolean;
  readonly objects: ObjectReader;
}

/** What admission may see of the store. */
export interface ObjectReader {
  get(kind: KindKey, namespace: string, name: string): Promise<Resource | undefined>;
  list(kind: KindKey, options?: Pick<ListOptions, "namespace">): Promise<readonly Resource[]>;
}

export interface AdmissionVerdict {
  /** Any of these refuses the request. */
  readonly issues: readonly Issue[];
  /** Sentences that the caller is shown although the request goes through. */
  readonly warnings: readonly string[];
  /** What to store instead; it is validated again. */
  readonly object?: Resource;
}

/** Says whether a write may happen. Plugins see the work of those before them. */
export interface AdmissionPlugin {
  review(request: AdmissionRequest): Promise<AdmissionVerdict>;
}
