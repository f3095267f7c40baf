// Reads the first message of TLS without taking part in it (RFC 8446 section 4.1.2, RFC 5246 section 7.4.1.2): the name that
// the client asks for and the protocols that it offers. What is read decides where bytes go, never whom to trust.
import { Buffer } from "node:buffer";

/** What is known of a client's first message. */
export type FirstMessage =
  /** More bytes are needed. */
  | { readonly kind: "partial" }
  /** No TLS, or broken: `reason` in words. */
  | { readonly kind: "not-tls"; readonly reason: string }
  | {
      readonly kind: "client-hello";
      /** In lower case, without a final dot; undefined when the client asks for none. */
      readonly serverName: string | undefined;
      /** In the client's order; empty when it offers none. */
      readonly protocols: readonly string[];
    };

/** Of the message without the headers of its records: several times what any client sends. */
export const CLIENT_HELLO_MAX_BYTES = 16_384;

const HANDSHAKE = 22;
const RECORD_HEADER_BYTES = 5;
const RECORD_MAX_BYTES = 16_384;
const CLIENT_HELLO = 1;
const MESSAGE_HEADER_BYTES = 4;
const SERVER_NAME = 0;
const PROTOCOLS = 16;
const hostName = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?$/;
const partial: FirstMessage = { kind: "partial" };

/** Fed with bytes however they are cut; each byte is looked at once. After another answer than `partial` it is done. */
export class ClientHelloReader {
  readonly #header = Buffer.alloc(RECORD_HEADER_BYTES);
  #headerBytes = 0;
  #recordLeft = 0;
  #message: Buffer = Buffer.alloc(0);
  #messageBytes = 0;

  push(bytes: Uint8Array): FirstMessage {
    try {
      let at = 0;
      while (at < bytes.length) {
        if (this.#recordLeft === 0) at = this.#readHeader(bytes, at);
        else at = this.#readPayload(bytes, at);
        if (this.#isWhole())
          return decodeClientHello(this.#message.subarray(0, this.#wholeBytes()));
      }
      return partial;
    } catch (cause) {
      if (cause instanceof Malformed) return { kind: "not-tls", reason: cause.message };
      throw cause;
    }
  }

  #readHeader(bytes: Uint8Array, start: number): number {
    let at = start;
    const header = this.#header;
    while (this.#headerBytes < RECORD_HEADER_BYTES && at < bytes.length) {
      header[this.#headerBytes++] = bytes[at++] ?? 0;
      checkHeader(header, this.#headerBytes);
    }
    if (this.#headerBytes < RECORD_HEADER_BYTES) return at;
    this.#headerBytes = 0;
    this.#recordLeft = header.readUInt16BE(3);
    return at;
  }

  #readPayload(bytes: Uint8Array, at: number): number {
    const end = Math.min(bytes.length, at + this.#recordLeft);
    this.#append(bytes.subarray(at, end));
    this.#recordLeft -= end - at;
    if (this.#messageBytes > 0 && this.#message[0] !== CLIENT_HELLO)
      throw new Malformed("the first message is not a ClientHello");
    if (this.#messageBytes >= MESSAGE_HEADER_BYTES && this.#wholeBytes() > CLIENT_HELLO_MAX_BYTES)
      throw new Malformed(`the ClientHello is larger than ${CLIENT_HELLO_MAX_BYTES} bytes`);
    return end;
  }

  #append(bytes: Uint8Array): void {
    const length = this.#messageBytes + bytes.length;
    if (length > this.#message.length) {
      const larger = Buffer.alloc(Math.max(length, 2 * this.#message.length));
      larger.set(this.#message.subarray(0, this.#messageBytes));
      this.#message = larger;
    }
    this.#message.set(bytes, this.#messageBytes);
    this.#messageBytes = length;
  }

  #isWhole(): boolean {
    return this.#messageBytes >= MESSAGE_HEADER_BYTES && this.#messageBytes >= this.#wholeBytes();
  }

  #wholeBytes(): number {
    return MESSAGE_HEADER_BYTES + this.#message.readUIntBE(1, 3);
  }
}

class Malformed extends Error {
  override readonly name = "Malformed";
}

/** As soon as a byte cannot belong to TLS. */
function checkHeader(header: Uint8Array, length: number): void {
  const [type = 0, major = 0, minor = 0, high = 0, low = 0] = header;
  if (type !== HANDSHAKE) throw new Malformed("no handshake record");
  if (length >= 2 && major !== 3) throw new Malformed("no version of TLS");
  if (length >= 3 && minor > 4) throw new Malformed("no version of TLS");
  if (length < RECORD_HEADER_BYTES) return;
  const payloadBytes = high * 256 + low;
  if (payloadBytes === 0) throw new Malformed("an empty handshake record");
  if (payloadBytes > RECORD_MAX_BYTES) throw new Malformed("a record that is too large");
}

function decodeClientHello(message: Buffer): FirstMessage {
  const body = new Cursor(message, MESSAGE_HEADER_BYTES, message.length);
  body.skip(2 + 32); // legacy version, random
  body.vector(1, "session id");
  body.vector(2, "cipher suites");
  body.vector(1, "compression methods");
  let serverName: string | undefined;
  let protocols: readonly string[] = [];
  const extensions = body.isAtEnd ? undefined : body.vector(2, "extensions");
  if (!body.isAtEnd) throw new Malformed("something follows the extensions");
  const seen = new Set<number>();
  while (extensions !== undefined && !extensions.isAtEnd) {
    const type = extensions.number(2);
    const content = extensions.vector(2, "extension");
    if (seen.has(type)) throw new Malformed(`extension ${type} comes twice`);
    seen.add(type);
    if (type === SERVER_NAME) serverName = decodeServerName(content);
    else if (type === PROTOCOLS) protocols = decodeProtocols(content);
  }
  return { kind: "client-hello", serverName, protocols };
}

/** RFC 6066 section 3. Names of another kind than a host's are left out, as it demands. */
function decodeServerName(content: Cursor): string | undefined {
  const list = content.vector(2, "server name list");
  let found: string | undefined;
  while (!list.isAtEnd) {
    const kind = list.number(1);
    const name = list.vector(2, "server name").text();
    if (kind !== 0) continue;
    if (found !== undefined) throw new Malformed("two server names");
    if (name.length > 255 || !hostName.test(name))
      throw new Malformed("a server name that is none");
    found = name.toLowerCase().replace(/\.$/, "");
  }
  return found;
}

/** RFC 7301 section 3.1. */
function decodeProtocols(content: Cursor): readonly string[] {
  const list = content.vector(2, "protocol name list");
  const protocols: string[] = [];
  while (!list.isAtEnd) protocols.push(list.vector(1, "protocol name").text());
  return protocols;
}

/** Reads forward within bounds; throws Malformed where something ends too soon. */
class Cursor {
  readonly #bytes: Buffer;
  readonly #end: number;
  #at: number;

  constructor(bytes: Buffer, start: number, end: number) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#end;
  }

  skip(count: number): void {
    if (this.#end - this.#at < count) throw new Malformed("the ClientHello ends too soon");
    this.#at += count;
  }

  number(size: number): number {
    this.skip(size);
    return this.#bytes.readUIntBE(this.#at - size, size);
  }

  /** What a length of `size` bytes announces. */
  vector(size: number, what: string): Cursor {
    const length = this.number(size);
    if (this.#end - this.#at < length) throw new Malformed(`the ${what} is longer than its place`);
    this.#at += length;
    return new Cursor(this.#bytes, this.#at - length, this.#at);
  }

  text(): string {
    return this.#bytes.toString("latin1", this.#at, this.#end);
  }
}
