/** `malformed`: it is no patch. `inapplicable`: it is one, and the object does not have what it speaks of. */
export class PatchError extends Error {
  override readonly name = "PatchError";
  readonly kind: "malformed" | "inapplicable";

  constructor(kind: "malformed" | "inapplicable", message: string) {
    super(message);
    this.kind = kind;
  }
}
