/**
 * What HTTP/1.1 and HTTP/2 offer their users in the same words: one request, one response, bodies with back-pressure,
 * trailers, 1xx and tunnels. Callbacks and reused objects only: no promise or stream per request.
 */

import type { Buffer } from "node:buffer";
import type { NetError } from "#net/net-error.ts";
import type { Transport } from "#net/transport.ts";
import type { FieldName } from "#wire/http1/field-name.ts";
import type { HeadEdits } from "#wire/http1/head-edits.ts";
import type { Http1Error } from "#wire/http1/http1-error.ts";
import type { Http2Error } from "#wire/http2/http2-error.ts";

/** Read access to the fields of a head or trailer block, in the order and case in which they came. */
export interface FieldView {
  readonly fieldCount: number;
  /** The value (latin1); several fields of one name joined by ","; undefined when absent. Strings must be lower case. */
  field(name: FieldName | string): string | undefined;
  has(name: FieldName | string): boolean;
  /** As received. */
  fieldName(index: number): string;
  fieldValue(index: number): string;
}

/** The same without strings, for what is only looked at or copied. */
export interface FieldBytes {
  /** What the block came in. */
  readonly bytes: Buffer;
  /** The index of the first field of that name at or after `from` (default 0), or -1. */
  indexOf(name: FieldName, from?: number): number;
  /** Where the value of a field begins and ends in `bytes`. */
  valueStart(index: number): number;
  valueEnd(index: number): number;
}

export type BodyKind = "none" | "length" | "chunked" | "until-close";

export interface RequestHead extends FieldView, FieldBytes {
  readonly kind: "request";
  readonly method: string;
  /** As received (latin1). */
  readonly target: string;
  /** `host[:port]` of the absolute or authority form, else of Host; "" when an HTTP/1.0 request has none. */
  readonly authority: string;
  /** Path and query as received; "/" for an absolute form without a path, "*" for `OPTIONS *`, "" for CONNECT. */
  readonly path: string;
  readonly protocol: "HTTP/1.0" | "HTTP/1.1" | "HTTP/2";
  readonly bodyKind: BodyKind;
  /** Of a body with `bodyKind` "length", else -1. */
  readonly contentLength: number;
  /** The lower-case protocol that the client wants to change to, "" when none (`h2c` counts as none). */
  readonly upgrade: string;
  /** The client waits for 100 before it sends the body. */
  readonly expectsContinue: boolean;
  /** Bytes of the head on the wire. */
  readonly sizeBytes: number;
}

export interface ResponseHead extends FieldView {
  readonly kind: "response";
  readonly status: number;
  readonly reason: string;
  readonly protocol: "HTTP/1.0" | "HTTP/1.1" | "HTTP/2";
  /** Of the message on the wire: "none" for answers to HEAD, 204, 304 and 1xx whatever the fields say. */
  readonly bodyKind: BodyKind;
  readonly contentLength: number;
  readonly sizeBytes: number;
}

/** An answer that is made here, with its whole body. Content-Length, Date and Connection are added by the encoder. */
export interface LocalReply {
  readonly status: number;
  /** The usual phrase of the status when absent. */
  readonly reason?: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** A string is sent as UTF-8. Left out of answers to HEAD (its length is still told). */
  readonly body: Uint8Array | string;
  /** Ends the connection after the reply. */
  readonly close?: boolean;
}

/** What may go wrong with a peer: broken protocol, or a broken socket. */
export type PeerError = Http1Error | Http2Error | NetError;

/** What the handler of a request is told. Method names differ from `ClientExchangeEvents` so that one object can be both. */
export interface ServerExchangeEvents {
  /** A piece of the request's body. */
  onRequestData(slice: Uint8Array): void;
  onRequestEnd(trailers: FieldView | undefined): void;
  /** The response fell below the low watermark after `write` had returned false. */
  onResponseDrain(): void;
  /**
   * The exchange is over, exactly once, last: `undefined` when the response was sent whole, else why not (client gone,
   * bad framing in the request's body, timeout, `abort`). Nothing may be called on the exchange afterwards.
   */
  onExchangeEnd(error: PeerError | undefined): void;
}

/** One request on a server connection. Calls to it out of order throw an Error: that is a bug, not a peer's fault. */
export interface ServerExchange {
  /** Stays valid as long as it is referenced. */
  readonly request: RequestHead;
  readonly transport: Transport;
  /** Monotonic milliseconds at the first byte of the request's head. */
  readonly startedAtMs: number;
  /** Bytes of response body handed to the connection, without framing. */
  readonly bodyBytesSent: number;
  readonly bodyBytesReceived: number;
  readonly hasResponded: boolean;
  /** Sends a 1xx other than 101. Dropped for HTTP/1.0 clients. */
  inform(head: ResponseHead): void;
  /** Sends `100 Continue` on our own account (for a body that is read here before anything is forwarded). */
  sendContinue(): void;
  /** Begins the response with an upstream's head, byte for byte but for hop-by-hop fields and the edits. */
  respond(head: ResponseHead, edits: HeadEdits | undefined): void;
  /** The whole response. What is still unread of the request's body is discarded, up to a limit. */
  reply(reply: LocalReply): void;
  /** A piece of the body; false above the high watermark. */
  write(slice: Uint8Array): boolean;
  /** As `write` of `bytes.subarray(start, end)`, which need not be made. */
  writeRange(bytes: Buffer, start: number, end: number): boolean;
  /** Ends the body. Throws when fewer bytes were written than the head promised: use `abort` then. */
  end(trailers?: FieldView): void;
  /** The response cannot be finished: the client sees a broken connection (or a reset stream). */
  abort(error: PeerError): void;
  /** Stops `onRequestData` until `resumeRequest`. */
  pauseRequest(): void;
  resumeRequest(): void;
  /**
   * After `respond` with 101, or 2xx to CONNECT: the transport is the caller's, with early bytes still to be delivered
   * once it is attached. Ends the exchange (`onExchangeEnd(undefined)`).
   */
  takeOver(): Transport;
}

/** Called once per request, in order, one at a time per HTTP/1 connection. Must return the receiver of its events. */
export type RequestHandler = (exchange: ServerExchange) => ServerExchangeEvents;

/** How far a request got, for retry decisions. */
export type SendProgress =
  /** No byte of it was handed to the kernel, or none can have reached the server's program. */
  | "unsent"
  /** Bytes were handed to the kernel, no byte of a response came. */
  | "sent"
  /** A response had begun. */
  | "responding";

export interface ClientExchangeEvents {
  /** A 1xx other than 101. */
  onInformational(head: ResponseHead): void;
  /** The final head, or 101. */
  onResponse(head: ResponseHead): void;
  /** From `start` up to `end`: most answers are one piece, which is only copied on, and a view would cost more than that. */
  onResponseData(bytes: Buffer, start: number, end: number): void;
  /** The response is whole. The connection has told its owner whether it can be used again. */
  onResponseEnd(trailers: FieldView | undefined): void;
  /** The request's body fell below the low watermark after `write` had returned false. */
  onRequestDrain(): void;
  /** The exchange failed; exactly one of this and `onResponseEnd` is called, last. Not called after `abort`. */
  onUpstreamError(error: PeerError, progress: SendProgress): void;
}

/** One request on a client connection. */
export interface ClientExchange {
  readonly progress: SendProgress;
  readonly bodyBytesSent: number;
  readonly bodyBytesReceived: number;
  /** A piece of the body; false above the high watermark. Ignored once the response is over. */
  write(slice: Uint8Array): boolean;
  end(trailers?: FieldView): void;
  /** Gives up: the connection is closed (or the stream reset) and no further event comes. */
  abort(): void;
  pauseResponse(): void;
  resumeResponse(): void;
  /** After `onResponse` with 101, or 2xx to CONNECT: the transport is the caller's; ends the exchange without an event. */
  takeOver(): Transport;
}
