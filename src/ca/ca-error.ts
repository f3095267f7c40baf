import type { Issue } from "#core/issue.ts";

interface CaErrorFacts {
  readonly fault: "caller" | "local";
  /** The gRPC status that answers the caller. */
  readonly status:
    | "UNAUTHENTICATED"
    | "PERMISSION_DENIED"
    | "INVALID_ARGUMENT"
    | "RESOURCE_EXHAUSTED"
    | "UNAVAILABLE"
    | "INTERNAL";
  readonly meaning: string;
}

const FACTS = {
  "no-attestation": {
    fault: "caller",
    status: "UNAUTHENTICATED",
    meaning: "neither a token nor a certificate came with the request",
  },
  "bad-token": {
    fault: "caller",
    status: "UNAUTHENTICATED",
    meaning: "a token that we did not sign, or not for this use",
  },
  "expired-token": {
    fault: "caller",
    status: "UNAUTHENTICATED",
    meaning: "a token whose time is over",
  },
  "spent-token": {
    fault: "caller",
    status: "UNAUTHENTICATED",
    meaning: "a token whose uses are spent",
  },
  "bad-certificate": {
    fault: "caller",
    status: "UNAUTHENTICATED",
    meaning: "a certificate that does not prove an identity of this mesh",
  },
  "foreign-identity": {
    fault: "caller",
    status: "PERMISSION_DENIED",
    meaning: "an identity of another trust domain, or a request for another's name",
  },
  "bad-csr": {
    fault: "caller",
    status: "INVALID_ARGUMENT",
    meaning: "no single, well-formed PKCS #10 request with a good signature",
  },
  "csr-asks-for-ca": {
    fault: "caller",
    status: "INVALID_ARGUMENT",
    meaning: "a request for a certificate with CA rights",
  },
  "weak-key": {
    fault: "caller",
    status: "INVALID_ARGUMENT",
    meaning: "an RSA key under 2048 bits, or a curve other than P-256 and P-384",
  },
  "bad-lifetime": {
    fault: "caller",
    status: "INVALID_ARGUMENT",
    meaning: "a lifetime that is negative or over the maximum",
  },
  "bad-name": {
    fault: "caller",
    status: "INVALID_ARGUMENT",
    meaning: "a host name, address or account that cannot stand in a certificate or token",
  },
  "too-many-requests": {
    fault: "caller",
    status: "RESOURCE_EXHAUSTED",
    meaning: "more requests from one caller than it may make",
  },
  "bad-ca-files": {
    fault: "local",
    status: "UNAVAILABLE",
    meaning: "CA files that are missing, damaged or do not belong together",
  },
  "ca-expired": {
    fault: "local",
    status: "UNAVAILABLE",
    meaning: "the CA's own certificate is not valid now",
  },
  storage: {
    fault: "local",
    status: "UNAVAILABLE",
    meaning: "the CA's files could not be read or written",
  },
} as const satisfies Record<string, CaErrorFacts>;

export type CaErrorCode = keyof typeof FACTS;

export const caErrors: Readonly<Record<CaErrorCode, CaErrorFacts>> = FACTS;

/** Everything that the CA refuses or fails at. Messages carry no key and no token. */
export class CaError extends Error {
  override readonly name = "CaError";
  readonly code: CaErrorCode;
  /** All that is wrong with CA files, one entry each; empty for other codes. */
  readonly issues: readonly Issue[];

  constructor(
    code: CaErrorCode,
    message: string,
    more: { readonly cause?: unknown; readonly issues?: readonly Issue[] } = {},
  ) {
    super(message, { cause: more.cause });
    this.code = code;
    this.issues = more.issues ?? [];
  }

  get facts(): CaErrorFacts {
    return FACTS[this.code];
  }
}
