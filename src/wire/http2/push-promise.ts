import { Http2Error } from "./http2-error.ts";

/** A server may not be sent one, and as a client we forbid them in our first settings (RFC 9113 section 8.4). */
export function decodePushPromise(): never {
  throw new Http2Error("unexpected-push");
}
