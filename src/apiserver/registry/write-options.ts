import type { User } from "../admission/admission.ts";

export type FieldValidation = "Strict" | "Warn" | "Ignore";

/** How a write is to be done, and by whom. */
export interface WriteOptions {
  readonly user: User;
  /** Goes into `metadata.managedFields`. */
  readonly fieldManager: string;
  /** What to do about fields that the schema of a `whole` kind does not have. Absent: `Warn`. */
  readonly fieldValidation?: FieldValidation;
  /** Everything but the write itself. */
  readonly dryRun?: boolean;
}

export interface ApplyOptions extends WriteOptions {
  /** Take fields over from other managers instead of failing. */
  readonly force?: boolean;
}

export interface DeleteOptions {
  readonly user: User;
  readonly dryRun?: boolean;
  readonly uid?: string;
  readonly resourceVersion?: string;
  /** What becomes of the objects that this one owns. Absent: `Background`. */
  readonly propagation?: "Orphan" | "Background" | "Foreground";
}
