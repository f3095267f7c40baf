/** A set-up that cannot go on: what happened, and what the user can do about it. */
export class SetupError extends Error {
  constructor(message, hint, cause) {
    super(message, { cause });
    this.name = "SetupError";
    this.hint = hint;
  }
}
