import type { Status, StatusCause, StatusDetails } from "./status.ts";

/** Reasons as Kubernetes names them, with the HTTP status that each is answered with. */
const REASONS = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  AlreadyExists: 409,
  Conflict: 409,
  Gone: 410,
  Expired: 410,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  TooManyRequests: 429,
  InternalError: 500,
  ServiceUnavailable: 503,
  Timeout: 504,
} as const satisfies Record<string, number>;

export type Reason = keyof typeof REASONS;

interface ApiErrorOptions {
  readonly details?: StatusDetails;
  readonly cause?: unknown;
}

/** Ends one request; becomes a Status body in one place at the edge. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly reason: Reason;
  readonly details: StatusDetails | undefined;

  constructor(reason: Reason, message: string, options: ApiErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.reason = reason;
    this.details = options.details;
  }

  get status(): number {
    return REASONS[this.reason];
  }

  get causes(): readonly StatusCause[] {
    return this.details?.causes ?? [];
  }
}

export function badRequest(message: string): ApiError {
  return new ApiError("BadRequest", message);
}

export function statusOf(error: ApiError): Status {
  const details = error.details === undefined ? {} : { details: error.details };
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: error.message,
    reason: error.reason,
    ...details,
    code: error.status,
  };
}
