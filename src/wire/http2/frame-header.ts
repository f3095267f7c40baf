/**
 * What every frame begins with (RFC 9113 section 4.1):
 *
 *   length (3 bytes) │ type (1) │ flags (1) │ 0 and 31 bits of stream number (4) │ payload
 */
import type { ByteWriter } from "#wire/http1/byte-writer.ts";

export const FRAME_HEADER_BYTES = 9;
/** What every peer accepts, and the largest that a setting may allow. */
export const MIN_MAX_FRAME_BYTES = 16_384;
export const MAX_MAX_FRAME_BYTES = 16_777_215;
export const MAX_STREAM_ID = 0x7fff_ffff;

export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const FLAG = {
  endStream: 0x1,
  /** Of SETTINGS and PING. */
  ack: 0x1,
  endHeaders: 0x4,
  padded: 0x8,
  priority: 0x20,
} as const;

/** Appends a frame header; the payload is to follow. */
export function encodeFrameHeader(
  out: ByteWriter,
  length: number,
  type: number,
  flags: number,
  streamId: number,
): void {
  patchFrameHeader(out, out.claim(FRAME_HEADER_BYTES), type, flags, streamId, length);
}

/** Writes a frame header over bytes that were claimed before its payload was known. */
export function patchFrameHeader(
  out: ByteWriter,
  at: number,
  type: number,
  flags: number,
  streamId: number,
  length: number = out.length - at - FRAME_HEADER_BYTES,
): void {
  const { bytes } = out;
  bytes[at] = length >>> 16;
  bytes[at + 1] = length >>> 8;
  bytes[at + 2] = length;
  bytes[at + 3] = type;
  bytes[at + 4] = flags;
  writeUint32(bytes, at + 5, streamId);
}

/** The length of the payload. */
export function decodeFrameLength(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number)
  );
}

/** 31 bits; the reserved bit is ignored. */
export function readUint31(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) & 0x7f) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  );
}

export function readUint32(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) * 0x100_0000 +
    (((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number))
  );
}

export function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}
