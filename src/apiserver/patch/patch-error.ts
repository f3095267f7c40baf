type PatchFault = "malformed" | "inapplicable" | "too-large";

/**
 * `malformed`: it is no patch. `inapplicable`: it is one, and the object does not have what it speaks of. `too-large`: what
 * it would make is.
 */
export class PatchError extends Error {
  override readonly name = "PatchError";
  readonly kind: PatchFault;

  constructor(kind: PatchFault, message: string) {
    super(message);
    this.kind = kind;
  }
}
