// A request to change the protocol, on its way between the versions of HTTP. HTTP/1 asks by GET with Upgrade and answers 101,
// HTTP/2 by extended CONNECT and answers 200 (RFC 8441); only HTTP/1 proves by a key that a WebSocket is meant. A WebSocket
// without a key has come from a client of HTTP/2: whoever speaks HTTP/1 to the application makes one, and reads the answer.

import type { ClientConnection } from "#http/client/connection.ts";
import { http1Request } from "#http/encode-scratch.ts";
import type { RequestHead, ResponseHead, ServerExchange } from "#http/exchange.ts";
import { fieldName } from "#wire/http1/field-name.ts";
import type { HeadEdits } from "#wire/http1/head-edits.ts";
import { isExtendedConnect } from "#wire/http2/head/encode-request-head.ts";
import { acceptOf, KEY_BYTES, keyOf } from "#wire/websocket/handshake.ts";
import type { Failure } from "./local-reply.ts";
import { WEFT_ALPN } from "./upstream/alpn.ts";

const WEBSOCKET = "websocket";
const KEY = fieldName("sec-websocket-key");
const ACCEPT = fieldName("sec-websocket-accept");
const UPGRADE = fieldName("upgrade");

/** What becomes of the answer's Sec-WebSocket-Accept: it is left out, or set to this. */
export type AcceptEdit =
  | { readonly kind: "remove" }
  | { readonly kind: "set"; readonly to: string };

/** By extended CONNECT as RFC 8441 has it; between Weft's proxies one stands for a request in HTTP/1. */
export function isStandardConnect({ request, transport }: ServerExchange): boolean {
  const isHttp2 = request.upgrade !== "" && request.protocol === "HTTP/2";
  return isHttp2 && transport.tls?.alpn !== WEFT_ALPN;
}

/** Why a request to change the protocol is not passed on; undefined for those that are. */
export function refusedChange(exchange: ServerExchange): Failure | undefined {
  const { upgrade } = exchange.request;
  if (upgrade === WEBSOCKET || !isStandardConnect(exchange)) return undefined;
  return {
    code: "not-implemented",
    message: `:protocol ${upgrade}: only ${WEBSOCKET} is known inside extended CONNECT`,
  };
}

/**
 * Whether it may be one stream of a connection that others use: it can be said as extended CONNECT, and means the same there.
 * A WebSocket in HTTP/1 that has no key is no handshake; what the application says to that is not for us to mend.
 */
export function mayBeStream(request: RequestHead): boolean {
  if (!isExtendedConnect(http1Request(request))) return false;
  return request.upgrade !== WEBSOCKET || request.protocol === "HTTP/2" || request.has(KEY);
}

/** One such request, through all of its tries. */
export class ProtocolChange {
  /** Of a WebSocket by HTTP/2, where a 2xx says that the protocol has changed. */
  readonly isStandardConnect: boolean;
  readonly #request: RequestHead;
  /** Ours, of the try of now. */
  #key: string | undefined;

  constructor(exchange: ServerExchange) {
    this.isStandardConnect = isStandardConnect(exchange);
    this.#request = exchange.request;
  }

  /** Whether it can be asked for on this connection. */
  mayGoOn(connection: ClientConnection): boolean {
    return connection.allowsUpgrade || !isExtendedConnect(http1Request(this.#request));
  }

  /** Before it is sent on a connection: adds what its version of HTTP asks for. `random` is in [0, 1). */
  edit(edits: HeadEdits, connection: ClientConnection, random: () => number): void {
    const { upgrade, protocol } = this.#request;
    this.#key = undefined;
    if (upgrade !== WEBSOCKET || protocol !== "HTTP/2" || this.#request.has(KEY)) return;
    if (connection.protocol === "h2") return;
    this.#key = keyOf(Uint8Array.from({ length: KEY_BYTES }, () => Math.floor(random() * 256)));
    edits.set(KEY, this.#key);
  }

  /** What is wrong with a 101, in words. */
  faultOf(head: ResponseHead): string | undefined {
    if (this.#key === undefined) return undefined;
    if (head.field(UPGRADE)?.toLowerCase() !== WEBSOCKET)
      return "it changes to another protocol than the WebSocket that it was asked for";
    if (head.field(ACCEPT) !== acceptOf(this.#key))
      return "its Sec-WebSocket-Accept is not the answer to the Sec-WebSocket-Key";
    return undefined;
  }

  /** HTTP/2 answers no key: a caller that sent one gets what HTTP/1 would have said, and nobody the answer to ours. */
  acceptEdit(head: ResponseHead): AcceptEdit | undefined {
    if (this.#key !== undefined) return { kind: "remove" };
    if (this.#request.upgrade !== WEBSOCKET || head.protocol !== "HTTP/2") return undefined;
    const key = this.#request.field(KEY);
    if (key === undefined || head.has(ACCEPT)) return undefined;
    return { kind: "set", to: acceptOf(key) };
  }

  /** A 2xx of HTTP/1 keeps the protocol; to extended CONNECT it would say that it has changed. */
  isRefusedBy({ status }: ResponseHead): boolean {
    return this.isStandardConnect && status >= 200 && status < 300;
  }
}

/** Applies it to the answer's edits. */
export function editAccept(edits: HeadEdits, edit: AcceptEdit): void {
  if (edit.kind === "remove") edits.remove(ACCEPT);
  else edits.set(ACCEPT, edit.to);
}
