/**
 * A gRPC status as a status of HTTP, by Envoy's table: from 500 on, the server is to blame. Of what is no number that
 * gRPC defines nobody knows anything, as of UNKNOWN.
 */
export function httpStatusOfGrpc(status: string): number {
  return HTTP_STATUSES[status] ?? 500;
}

const HTTP_STATUSES: Readonly<Record<string, number>> = {
  0: 200, // OK
  1: 499, // CANCELLED
  2: 500, // UNKNOWN
  3: 400, // INVALID_ARGUMENT
  4: 504, // DEADLINE_EXCEEDED
  5: 404, // NOT_FOUND
  6: 409, // ALREADY_EXISTS
  7: 403, // PERMISSION_DENIED
  8: 429, // RESOURCE_EXHAUSTED
  9: 400, // FAILED_PRECONDITION
  10: 409, // ABORTED
  11: 400, // OUT_OF_RANGE
  12: 501, // UNIMPLEMENTED
  13: 500, // INTERNAL
  14: 503, // UNAVAILABLE
  15: 500, // DATA_LOSS
  16: 401, // UNAUTHENTICATED
};
