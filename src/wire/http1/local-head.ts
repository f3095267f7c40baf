/** Heads that are made here: answers of our own, and requests of our own (health checks, probes). */
import { Buffer } from "node:buffer";
import type { Http1RequestHead } from "./head.ts";
import { fieldLine } from "./head-edits.ts";
import { decodeRequestHead, REQUEST_LIMITS } from "./request-head.ts";

export interface LocalResponseHead {
  readonly status: number;
  readonly reason?: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** Undefined for answers that can have none (1xx, 204, 304). */
  readonly contentLength: number | undefined;
  /** An IMF-fixdate, "" for none. */
  readonly date: string;
  readonly close: boolean;
  /** The client's minor version. */
  readonly minor: 0 | 1;
}

/** The head as latin1 text, with the empty line. Throws RangeError for a field that cannot be sent. */
export function encodeLocalHead(head: LocalResponseHead): string {
  const { status } = head;
  let text = `HTTP/1.1 ${status} ${head.reason ?? reasonOf(status)}\r\n`;
  for (const [name, value] of head.fields) text += fieldLine(name, value);
  if (head.contentLength !== undefined) text += `content-length: ${head.contentLength}\r\n`;
  if (head.date !== "") text += `date: ${head.date}\r\n`;
  if (head.close) text += "connection: close\r\n";
  else if (head.minor === 0) text += "connection: keep-alive\r\n";
  return `${text}\r\n`;
}

export interface LocalRequest {
  readonly method: string;
  readonly target: string;
  /** Must contain Host. A body needs Content-Length or Transfer-Encoding among them. */
  readonly fields: readonly (readonly [name: string, value: string])[];
}

/** A head to send that came from no client. Throws Http1Error or RangeError when it is not valid. */
export function localRequestHead(request: LocalRequest): Http1RequestHead {
  let text = `${request.method} ${request.target} HTTP/1.1\r\n`;
  for (const [name, value] of request.fields) text += fieldLine(name, value);
  const bytes = Buffer.from(`${text}\r\n`, "latin1");
  const head = decodeRequestHead(bytes, 0, bytes.length, REQUEST_LIMITS);
  if (head === undefined) throw new RangeError("the request head is not complete");
  return head;
}

const REASONS: Readonly<Record<number, string>> = {
  100: "Continue",
  101: "Switching Protocols",
  103: "Early Hints",
  200: "OK",
  201: "Created",
  202: "Accepted",
  204: "No Content",
  206: "Partial Content",
  301: "Moved Permanently",
  302: "Found",
  303: "See Other",
  304: "Not Modified",
  307: "Temporary Redirect",
  308: "Permanent Redirect",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  409: "Conflict",
  410: "Gone",
  411: "Length Required",
  412: "Precondition Failed",
  413: "Content Too Large",
  414: "URI Too Long",
  415: "Unsupported Media Type",
  416: "Range Not Satisfiable",
  417: "Expectation Failed",
  418: "I'm a teapot",
  421: "Misdirected Request",
  422: "Unprocessable Content",
  425: "Too Early",
  426: "Upgrade Required",
  428: "Precondition Required",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  451: "Unavailable For Legal Reasons",
  499: "Client Closed Request",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
  505: "HTTP Version Not Supported",
};

export function reasonOf(status: number): string {
  return REASONS[status] ?? "Unknown";
}
