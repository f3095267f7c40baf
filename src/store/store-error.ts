interface StoreErrorFacts {
  /** Whose doing: the caller's request, or the disk and what is on it. */
  readonly fault: "caller" | "local";
  /** Whether the same call may succeed later without anybody changing it. */
  readonly retry: boolean;
}

const FACTS = {
  "not-found": { fault: "caller", retry: false },
  "already-exists": { fault: "caller", retry: false },
  conflict: { fault: "caller", retry: false },
  gone: { fault: "caller", retry: false },
  "invalid-version": { fault: "caller", retry: false },
  full: { fault: "local", retry: true },
  io: { fault: "local", retry: false },
  corrupt: { fault: "local", retry: false },
  locked: { fault: "local", retry: true },
  closed: { fault: "local", retry: false },
} as const satisfies Record<string, StoreErrorFacts>;

export type StoreErrorCode = keyof typeof FACTS;

export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }

  get facts(): StoreErrorFacts {
    return FACTS[this.code];
  }
}

export function isStoreError(error: unknown, code: StoreErrorCode): error is StoreError {
  return error instanceof StoreError && error.code === code;
}
