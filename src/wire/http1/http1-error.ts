/** Who broke the protocol: the client that sent a request, the server that answered, or this process. */
export type Fault = "downstream" | "upstream" | "local";

interface ErrorFacts {
  /** What a client is answered when the fault is its own; an upstream's fault is always 502. */
  readonly status: number;
  readonly message: string;
}

const FACTS = {
  "bad-request-line": { status: 400, message: "the request line is not `METHOD TARGET HTTP/1.x`" },
  "bad-method": { status: 400, message: "the method is not a token" },
  "bad-target": { status: 400, message: "the request target is not valid in any form" },
  "bad-version": { status: 400, message: "the version is not `HTTP/` digit `.` digit" },
  "unsupported-version": { status: 505, message: "only HTTP/1.0 and HTTP/1.1 are served here" },
  "bad-status-line": { status: 502, message: "the status line is not `HTTP/1.x STATUS REASON`" },
  "bad-line-ending": {
    status: 400,
    message: "a bare CR or LF, or a line that does not end in CRLF",
  },
  "bad-field-name": { status: 400, message: "a header name is empty or not a token" },
  "space-before-colon": { status: 400, message: "white space between a header name and its colon" },
  "obsolete-folding": { status: 400, message: "a header value continues on a second line" },
  "bad-field-value": { status: 400, message: "a header value has a control character" },
  "head-too-large": { status: 431, message: "the head is larger than the limit" },
  "too-many-fields": { status: 431, message: "the head has more fields than the limit" },
  "length-and-transfer-encoding": {
    status: 400,
    message: "Content-Length together with Transfer-Encoding",
  },
  "repeated-content-length": { status: 400, message: "Content-Length is given more than once" },
  "bad-content-length": {
    status: 400,
    message: "Content-Length is not a plain decimal number that can be kept exactly",
  },
  "bad-transfer-encoding": {
    status: 400,
    message: "Transfer-Encoding is malformed, repeated or does not end in `chunked`",
  },
  "unsupported-transfer-encoding": {
    status: 501,
    message: "a transfer coding other than `chunked`",
  },
  "connect-with-body": { status: 400, message: "CONNECT with Content-Length or Transfer-Encoding" },
  "missing-host": { status: 400, message: "an HTTP/1.1 request has no Host" },
  "repeated-host": { status: 400, message: "a request has more than one Host" },
  "bad-host": { status: 400, message: "Host is not `host[:port]`" },
  "bad-connection-option": { status: 400, message: "Connection is not a list of tokens" },
  "protected-connection-option": {
    status: 400,
    message: "Connection names a header that the next hop relies on",
  },
  "expectation-failed": { status: 417, message: "Expect is something other than `100-continue`" },
  "bad-path": { status: 400, message: "the path has an invalid escape or an escaped NUL" },
  "bad-chunk-size": {
    status: 400,
    message: "a chunk size is not a plain hexadecimal number that can be kept exactly",
  },
  "bad-chunk-extension": { status: 400, message: "a chunk extension has a control character" },
  "chunk-line-too-long": { status: 400, message: "chunk extensions are longer than the limit" },
  "bad-chunk-end": { status: 400, message: "chunk data is not followed by CRLF" },
  "forbidden-trailer": {
    status: 400,
    message: "a trailer names a field that decides framing, routing or identity",
  },
  "head-timeout": { status: 408, message: "the request head did not arrive in time" },
  "body-timeout": { status: 408, message: "the request body stopped arriving" },
  truncated: { status: 400, message: "the connection ended in the middle of a message" },
  "too-many-informational": { status: 502, message: "more 1xx responses than the limit" },
  "unexpected-bytes": { status: 502, message: "bytes arrived that belong to no request" },
  "unexpected-upgrade": { status: 502, message: "101 without a request to upgrade" },
} as const satisfies Record<string, ErrorFacts>;

export type Http1ErrorCode = keyof typeof FACTS;

/** Every code with its facts: what the reference page and the tests read. */
export const HTTP1_ERRORS: Readonly<Record<Http1ErrorCode, ErrorFacts>> = FACTS;

/** A peer broke HTTP/1.1. The connection it came from cannot be used further. */
export class Http1Error extends Error {
  override readonly name = "Http1Error";
  readonly code: Http1ErrorCode;
  readonly fault: Fault;
  /** What the downstream client is answered, if it can still be answered. */
  readonly status: number;

  constructor(code: Http1ErrorCode, fault: Fault = "downstream", detail?: string) {
    super(detail === undefined ? FACTS[code].message : `${FACTS[code].message}: ${detail}`);
    this.code = code;
    this.fault = fault;
    this.status = statusOf(code, fault);
  }
}

function statusOf(code: Http1ErrorCode, fault: Fault): number {
  if (fault === "upstream") return 502;
  return fault === "local" ? 500 : FACTS[code].status;
}
