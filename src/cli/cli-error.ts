interface CliFacts {
  readonly exitCode: number;
}

const FACTS = {
  /** The command line does not make sense. */
  usage: { exitCode: 1 },
  /** The control plane, or another program that is needed, cannot be reached or refused the credential. */
  connection: { exitCode: 1 },
  /** The command understood and could not do it: a refused document, a name that does not exist, a file. */
  failed: { exitCode: 1 },
  /** The command did its work and found something wrong: a failed check, a resource that is in error. */
  findings: { exitCode: 2 },
} as const satisfies Record<string, CliFacts>;

export type CliErrorCode = keyof typeof FACTS;

/** What ends a command. The message says what happened to what; the hint says what the user can do, if anything. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly code: CliErrorCode;
  readonly hint: string | undefined;

  constructor(code: CliErrorCode, message: string, hint?: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
    this.hint = hint;
  }

  get exitCode(): number {
    return FACTS[this.code].exitCode;
  }
}
