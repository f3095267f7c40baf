/** A pattern or substitution that RE2 would not take, or that is too large to run in bounded time. */
export class RegexError extends Error {
  override readonly name = "RegexError";
  /** Where in the pattern, counted in UTF-16 units from 0. */
  readonly position: number;

  constructor(message: string, position: number) {
    super(message);
    this.position = position;
  }
}
