/** Frames as bytes, also such as no honest peer would send. */
import { FLAG, FRAME } from "#wire/http2/frame-header.ts";
import { type Http2Code, http2CodeNumber } from "#wire/http2/http2-error.ts";

export type RawField = readonly [name: string, value: string];

export function frame(type: number, flags: number, streamId: number, payload: Uint8Array): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(streamId, 5);
  return Buffer.concat([header, payload]);
}

function integer(prefixBits: number, first: number, value: number): Buffer {
  const most = 2 ** prefixBits - 1;
  if (value < most) return Buffer.of(first | value);
  const bytes = [first | most];
  let rest = value - most;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
  return Buffer.from(bytes);
}

const text = (value: string): Buffer => {
  const bytes = Buffer.from(value, "latin1");
  return Buffer.concat([integer(7, 0, bytes.length), bytes]);
};

/** A header block of literals that no table keeps. */
export function block(fields: readonly RawField[]): Buffer {
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.of(0), text(name), text(value)]));
}

export const REQUEST: readonly RawField[] = [
  [":method", "GET"],
  [":scheme", "http"],
  [":path", "/"],
  [":authority", "a"],
];

/** The usual request with another method and more fields. */
export function request(method: string, path = "/", more: readonly RawField[] = []): RawField[] {
  return [[":method", method], [":scheme", "http"], [":path", path], [":authority", "a"], ...more];
}

/** END_HEADERS is set unless told otherwise. */
export function headers(
  streamId: number,
  fields: readonly RawField[],
  flags: number = FLAG.endHeaders | FLAG.endStream,
): Buffer {
  return frame(FRAME.headers, flags, streamId, block(fields));
}

export const OPEN: number = FLAG.endHeaders;

export function data(streamId: number, content: Uint8Array | string, flags = 0): Buffer {
  return frame(FRAME.data, flags, streamId, Buffer.from(content as string));
}

export const END: number = FLAG.endStream;

export function settings(entries: readonly (readonly [id: number, value: number])[] = []): Buffer {
  const payload = Buffer.alloc(entries.length * 6);
  for (const [index, [id, value]] of entries.entries()) {
    payload.writeUInt16BE(id, index * 6);
    payload.writeUInt32BE(value, index * 6 + 2);
  }
  return frame(FRAME.settings, 0, 0, payload);
}

export const settingsAck = (): Buffer => frame(FRAME.settings, FLAG.ack, 0, Buffer.alloc(0));

export function ping(opaque: string, isAck = false): Buffer {
  return frame(FRAME.ping, isAck ? FLAG.ack : 0, 0, Buffer.from(opaque, "latin1"));
}

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

export const rstStream = (streamId: number, code: Http2Code): Buffer =>
  frame(FRAME.rstStream, 0, streamId, uint32(http2CodeNumber(code)));

export const windowUpdate = (streamId: number, increment: number): Buffer =>
  frame(FRAME.windowUpdate, 0, streamId, uint32(increment));

export const goaway = (lastStreamId: number, code: Http2Code, debug = ""): Buffer =>
  frame(
    FRAME.goaway,
    0,
    0,
    Buffer.concat([uint32(lastStreamId), uint32(http2CodeNumber(code)), Buffer.from(debug)]),
  );

export const priority = (streamId: number, dependsOn: number): Buffer =>
  frame(FRAME.priority, 0, streamId, Buffer.concat([uint32(dependsOn), Buffer.of(15)]));

export const continuation = (
  streamId: number,
  fragment: Uint8Array,
  flags: number = FLAG.endHeaders,
): Buffer => frame(FRAME.continuation, flags, streamId, fragment);
