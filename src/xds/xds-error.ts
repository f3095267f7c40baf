interface XdsErrorFacts {
  /** gRPC status code on the wire. */
  readonly status: number;
  /** Whose doing it is. */
  readonly fault: "peer" | "local" | "network";
  readonly meaning: string;
}

/** Every way in which configuration, certificates or metrics fail to travel. The first code of a status stands for it. */
const FACTS = {
  cancelled: { status: 1, fault: "peer", meaning: "the caller went away" },
  unknown: { status: 2, fault: "peer", meaning: "the other side failed and did not say why" },
  malformed: { status: 3, fault: "peer", meaning: "bytes or values that break the protocol" },
  unsupported: {
    status: 3,
    fault: "peer",
    meaning: "a message or field that Weft does not act on",
  },
  invalid: { status: 3, fault: "peer", meaning: "configuration that contradicts itself" },
  "deadline-exceeded": { status: 4, fault: "network", meaning: "no answer in time" },
  "not-found": { status: 5, fault: "peer", meaning: "no such thing" },
  "already-exists": { status: 6, fault: "peer", meaning: "there is one already" },
  "permission-denied": { status: 7, fault: "peer", meaning: "an identity that may not do this" },
  "too-large": { status: 8, fault: "peer", meaning: "a message, name or list over its limit" },
  "resource-exhausted": { status: 8, fault: "peer", meaning: "too much at once: come back later" },
  "failed-precondition": { status: 9, fault: "peer", meaning: "not in this state" },
  aborted: { status: 10, fault: "peer", meaning: "stopped in the middle" },
  "out-of-range": { status: 11, fault: "peer", meaning: "past the end" },
  unimplemented: { status: 12, fault: "peer", meaning: "a call that the server does not have" },
  internal: { status: 13, fault: "local", meaning: "a fault of Weft itself" },
  protocol: { status: 13, fault: "peer", meaning: "a broken gRPC or HTTP/2 conversation" },
  unavailable: {
    status: 14,
    fault: "network",
    meaning: "nobody there, or the connection was lost",
  },
  "data-loss": { status: 15, fault: "peer", meaning: "something is gone for good" },
  unauthenticated: {
    status: 16,
    fault: "peer",
    meaning: "no identity, or one that proves nothing",
  },
  "untrusted-server": {
    status: 16,
    fault: "peer",
    meaning: "the server's certificate was refused",
  },
} as const satisfies Record<string, XdsErrorFacts>;

/** Where the code that stands for a status is not gRPC's word for it. */
const STATUS_NAMES = new Map([
  [3, "invalid-argument"],
  [8, "resource-exhausted"],
]);

export type XdsErrorCode = keyof typeof FACTS;

export const xdsErrorCodes = Object.keys(FACTS) as readonly XdsErrorCode[];

/** The code that stands for a gRPC status; `unknown` for numbers outside the list. */
export function codeOfStatus(status: number): XdsErrorCode {
  return xdsErrorCodes.find((code) => FACTS[code].status === status) ?? "unknown";
}

/** What the xDS, certificate and metrics calls throw; the message is for the operator. */
export class XdsError extends Error {
  override readonly name = "XdsError";
  readonly code: XdsErrorCode;

  constructor(code: XdsErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }

  get facts(): XdsErrorFacts {
    return FACTS[this.code];
  }

  /** gRPC's own word for the status: `PERMISSION_DENIED`. */
  get statusName(): string {
    const { status } = this.facts;
    return (STATUS_NAMES.get(status) ?? codeOfStatus(status)).toUpperCase().replaceAll("-", "_");
  }
}

/** Anything thrown, as one of ours: an unknown cause is `internal` and keeps its cause. */
export function asXdsError(cause: unknown): XdsError {
  if (cause instanceof XdsError) return cause;
  return new XdsError("internal", cause instanceof Error ? cause.message : String(cause), cause);
}
