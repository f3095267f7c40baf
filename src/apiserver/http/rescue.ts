import type { Log } from "#core/log.ts";
import { StoreError } from "#store/store-error.ts";
import { ApiError } from "../errors/api-error.ts";
import { answerError } from "./answer.ts";

/** The one place where what was thrown becomes an answer. The caller never sees the cause of our own failures; the log does. */
export function rescue(error: unknown, log: Log): Response {
  if (error instanceof ApiError) return answerError(error);
  if (error instanceof StoreError && (error.code === "full" || error.code === "closed")) {
    log.error({ err: error }, "the store refuses writes");
    return answerError(new ApiError("ServiceUnavailable", error.message));
  }
  log.error({ err: error }, "a request of the API failed");
  return answerError(new ApiError("InternalError", "Internal error occurred: see the log"));
}
