import type { Fault } from "#wire/http1/http1-error.ts";

/** The error codes of RFC 9113 section 7, in the order of their numbers. */
const CODES = [
  "NO_ERROR",
  "PROTOCOL_ERROR",
  "INTERNAL_ERROR",
  "FLOW_CONTROL_ERROR",
  "SETTINGS_TIMEOUT",
  "STREAM_CLOSED",
  "FRAME_SIZE_ERROR",
  "REFUSED_STREAM",
  "CANCEL",
  "COMPRESSION_ERROR",
  "CONNECT_ERROR",
  "ENHANCE_YOUR_CALM",
  "INADEQUATE_SECURITY",
  "HTTP_1_1_REQUIRED",
] as const;

export type Http2Code = (typeof CODES)[number];

const NUMBERS = new Map<Http2Code, number>(CODES.map((code, number) => [code, number]));

export function http2CodeNumber(code: Http2Code): number {
  return NUMBERS.get(code) ?? 2;
}

/** A number that no RFC gives a name is like INTERNAL_ERROR (RFC 9113 section 7). */
export function http2CodeName(number: number): Http2Code {
  return CODES[number] ?? "INTERNAL_ERROR";
}

/** What an error ends: one stream by RST_STREAM, or the whole connection by GOAWAY. */
export type Http2Scope = "stream" | "connection";

interface ReasonFacts {
  readonly code: Http2Code;
  readonly scope: Http2Scope;
  /** What a client is answered where an answer is still possible; an upstream's fault is always 502. */
  readonly status: number;
  readonly message: string;
}

const stream = (code: Http2Code, status: number, message: string): ReasonFacts => ({
  code,
  scope: "stream",
  status,
  message,
});
const connection = (code: Http2Code, message: string): ReasonFacts => ({
  code,
  scope: "connection",
  status: 400,
  message,
});

const REASONS = {
  // heads: what makes a message malformed (RFC 9113 section 8)
  "bad-field-name": stream("PROTOCOL_ERROR", 400, "a header name is empty or not a token"),
  "upper-case-field-name": stream("PROTOCOL_ERROR", 400, "a header name has upper-case letters"),
  "bad-field-value": stream("PROTOCOL_ERROR", 400, "a header value has a control character"),
  "connection-field": stream("PROTOCOL_ERROR", 400, "a header that belongs to HTTP/1 connections"),
  "bad-te": stream("PROTOCOL_ERROR", 400, "TE is something other than `trailers`"),
  "unknown-pseudo-field": stream("PROTOCOL_ERROR", 400, "a pseudo-field that has no meaning here"),
  "repeated-pseudo-field": stream("PROTOCOL_ERROR", 400, "a pseudo-field is given more than once"),
  "late-pseudo-field": stream("PROTOCOL_ERROR", 400, "a pseudo-field comes after a header"),
  "missing-pseudo-field": stream("PROTOCOL_ERROR", 400, "a pseudo-field is missing"),
  "bad-method": stream("PROTOCOL_ERROR", 400, "the method is not a token"),
  "bad-scheme": stream("PROTOCOL_ERROR", 400, "the scheme is not valid"),
  "bad-path": stream("PROTOCOL_ERROR", 400, "the path is empty or not valid in any form"),
  "bad-authority": stream("PROTOCOL_ERROR", 400, "the authority is not `host[:port]`"),
  "missing-host": stream("PROTOCOL_ERROR", 400, "a request has neither `:authority` nor Host"),
  "repeated-host": stream("PROTOCOL_ERROR", 400, "a request names more than one host"),
  "bad-status": stream("PROTOCOL_ERROR", 502, "the status is not three digits from 100 to 599"),
  "bad-content-length": stream(
    "PROTOCOL_ERROR",
    400,
    "Content-Length is repeated, or not a plain decimal number that can be kept exactly",
  ),
  "connect-with-body": stream("PROTOCOL_ERROR", 400, "CONNECT with Content-Length"),
  "extended-connect-disabled": stream("PROTOCOL_ERROR", 400, "extended CONNECT is not enabled"),
  "unexpected-upgrade": stream("PROTOCOL_ERROR", 502, "status 101 has no meaning in HTTP/2"),
  "too-many-informational": stream("PROTOCOL_ERROR", 502, "more 1xx responses than the limit"),
  "expectation-failed": stream(
    "PROTOCOL_ERROR",
    417,
    "Expect is something other than `100-continue`",
  ),
  "forbidden-trailer": stream(
    "PROTOCOL_ERROR",
    400,
    "a trailer names a field that decides framing, routing or identity",
  ),
  "unfinished-trailers": stream("PROTOCOL_ERROR", 400, "trailers that do not end the stream"),
  "head-too-large": stream("ENHANCE_YOUR_CALM", 431, "the head is larger than the limit"),
  "too-many-fields": stream("ENHANCE_YOUR_CALM", 431, "the head has more fields than the limit"),

  // streams
  "body-length-mismatch": stream("PROTOCOL_ERROR", 400, "the body disagrees with Content-Length"),
  "data-before-head": stream("PROTOCOL_ERROR", 400, "a body comes before its head"),
  "stream-closed": stream("STREAM_CLOSED", 400, "a frame on a stream that is closed"),
  "stream-window-overflow": stream("FLOW_CONTROL_ERROR", 400, "a stream's window exceeds 2^31-1"),
  "stream-window-exceeded": stream("FLOW_CONTROL_ERROR", 400, "more data than a stream's window"),
  "zero-stream-increment": stream("PROTOCOL_ERROR", 400, "a WINDOW_UPDATE of zero for a stream"),
  "self-dependency": stream("PROTOCOL_ERROR", 400, "a stream depends on itself"),
  "bad-priority-size": stream("FRAME_SIZE_ERROR", 400, "a PRIORITY frame is not 5 bytes"),
  "too-many-streams": stream("REFUSED_STREAM", 503, "more streams than the limit"),
  draining: stream("REFUSED_STREAM", 503, "the connection is being ended"),
  "head-timeout": stream("CANCEL", 408, "the request head did not arrive in time"),
  "body-timeout": stream("CANCEL", 408, "the body stopped arriving"),
  "window-stalled": stream("CANCEL", 408, "the peer did not open its window in time"),
  "stream-idle": stream("CANCEL", 408, "nothing moved on the stream for too long"),
  "buffers-full": stream("CANCEL", 503, "the buffers of this process are full"),
  "stream-reset": stream("CANCEL", 400, "the peer reset the stream"),
  "stream-refused": stream("REFUSED_STREAM", 503, "the peer refused the stream"),

  // the connection
  "bad-preface": connection("PROTOCOL_ERROR", "the connection does not begin with the preface"),
  "preface-timeout": connection("PROTOCOL_ERROR", "the preface did not arrive in time"),
  "frame-too-large": connection("FRAME_SIZE_ERROR", "a frame is larger than the announced limit"),
  "bad-frame-size": connection("FRAME_SIZE_ERROR", "a frame's size does not fit its type"),
  "bad-padding": connection("PROTOCOL_ERROR", "padding is as long as the frame or longer"),
  "stream-zero": connection("PROTOCOL_ERROR", "a frame that needs a stream has none"),
  "not-stream-zero": connection("PROTOCOL_ERROR", "a frame of the connection names a stream"),
  "idle-stream": connection("PROTOCOL_ERROR", "a frame on a stream that was never opened"),
  "bad-stream-id": connection("PROTOCOL_ERROR", "a stream number is reused or not the peer's"),
  "closed-stream": connection("STREAM_CLOSED", "a frame on a stream that ended long ago"),
  "expected-continuation": connection("PROTOCOL_ERROR", "a header block is interrupted"),
  "unexpected-continuation": connection("PROTOCOL_ERROR", "CONTINUATION without a header block"),
  "unexpected-push": connection("PROTOCOL_ERROR", "PUSH_PROMISE was not allowed"),
  "bad-setting": connection("PROTOCOL_ERROR", "a setting has a value that it may not have"),
  "bad-initial-window": connection("FLOW_CONTROL_ERROR", "an initial window exceeds 2^31-1"),
  "settings-timeout": connection("SETTINGS_TIMEOUT", "the settings were not acknowledged in time"),
  "ping-timeout": connection("NO_ERROR", "a PING was not answered in time"),
  "window-overflow": connection("FLOW_CONTROL_ERROR", "the connection's window exceeds 2^31-1"),
  "window-exceeded": connection("FLOW_CONTROL_ERROR", "more data than the connection's window"),
  "zero-increment": connection("PROTOCOL_ERROR", "a WINDOW_UPDATE of zero for the connection"),
  "bad-compression": connection("COMPRESSION_ERROR", "a header block cannot be decompressed"),
  "header-block-too-large": connection("ENHANCE_YOUR_CALM", "a header block beyond any limit"),
  "too-many-continuations": connection("ENHANCE_YOUR_CALM", "more CONTINUATION than the limit"),
  "empty-frames": connection("ENHANCE_YOUR_CALM", "empty frames in a row"),
  "tiny-data": connection("ENHANCE_YOUR_CALM", "more tiny DATA frames than the limit"),
  "priority-flood": connection("ENHANCE_YOUR_CALM", "more PRIORITY frames than the limit"),
  "window-update-flood": connection("ENHANCE_YOUR_CALM", "more WINDOW_UPDATE than the limit"),
  "control-frames": connection(
    "ENHANCE_YOUR_CALM",
    "more PING, SETTINGS or idle frames than the limit",
  ),
  "reset-flood": connection("ENHANCE_YOUR_CALM", "more stream resets than the limit"),
  "control-flood": connection("ENHANCE_YOUR_CALM", "more unread answers to control frames"),
  "outbound-flood": connection("ENHANCE_YOUR_CALM", "more unread frames than the limit"),
  "connection-closed": connection("NO_ERROR", "the connection ended in the middle of a message"),
  "went-away": connection("NO_ERROR", "the peer ended the connection"),
  internal: connection("INTERNAL_ERROR", "a fault of this proxy"),
} as const satisfies Record<string, ReasonFacts>;

export type Http2Reason = keyof typeof REASONS;

/** Every reason with its facts: what the reference page and the tests read. */
export const HTTP2_ERRORS: Readonly<Record<Http2Reason, ReasonFacts>> = REASONS;

/** A peer broke HTTP/2, or ended a stream. What that ends is its scope; the code is what the peer is told. */
export class Http2Error extends Error {
  override readonly name = "Http2Error";
  readonly reason: Http2Reason;
  /** The name of the code that goes into RST_STREAM or GOAWAY. */
  readonly code: Http2Code;
  readonly scope: Http2Scope;
  readonly fault: Fault;
  /** What the downstream client is answered, if it can still be answered. */
  readonly status: number;
  readonly #detail: string | undefined;

  /** Left out, scope and code are those of the table. */
  constructor(
    reason: Http2Reason,
    scope?: Http2Scope,
    detail?: string,
    fault: Fault = "downstream",
    code?: Http2Code,
  ) {
    const facts: ReasonFacts = REASONS[reason];
    super(detail === undefined ? facts.message : `${facts.message}: ${detail}`);
    this.reason = reason;
    this.code = code ?? facts.code;
    this.scope = scope ?? facts.scope;
    this.fault = fault;
    this.status = statusOf(facts, fault);
    this.#detail = detail;
  }

  /** The same error, said of another side: decoders do not know whose bytes they read. */
  by(fault: Fault): Http2Error {
    if (fault === this.fault) return this;
    return new Http2Error(this.reason, this.scope, this.#detail, fault, this.code);
  }

  /** The peer sent RST_STREAM with that code. */
  static resetBy(fault: Fault, code: Http2Code): Http2Error {
    const reason = code === "REFUSED_STREAM" ? "stream-refused" : "stream-reset";
    return new Http2Error(reason, "stream", code, fault, code);
  }
}

function statusOf(facts: ReasonFacts, fault: Fault): number {
  if (fault === "upstream") return 502;
  return fault === "local" ? 500 : facts.status;
}
