import type { ByteWriter } from "#wire/http1/byte-writer.ts";
import {
  encodeFrameHeader,
  FLAG,
  FRAME,
  MAX_MAX_FRAME_BYTES,
  MIN_MAX_FRAME_BYTES,
  readUint32,
  writeUint32,
} from "./frame-header.ts";
import { Http2Error } from "./http2-error.ts";
import { MAX_WINDOW } from "./window-update.ts";

/** What one side asks of the other (RFC 9113 section 6.5.2, RFC 8441). What it did not say is undefined. */
export interface Settings {
  headerTableSize?: number;
  enablePush?: boolean;
  maxConcurrentStreams?: number;
  initialWindowSize?: number;
  maxFrameSize?: number;
  maxHeaderListSize?: number;
  enableConnectProtocol?: boolean;
}

/** What a frame says, and the smallest table size among several: the encoder has to pass through it (RFC 7541 section 4.2). */
export interface ReceivedSettings extends Settings {
  smallestHeaderTableSize?: number;
}

const ENTRY_BYTES = 6;

/**
 * The settings of a frame without ACK; of several values for one setting the last counts, but all are checked.
 * Throws Http2Error (connection).
 */
export function decodeSettings(bytes: Uint8Array, start: number, end: number): ReceivedSettings {
  if ((end - start) % ENTRY_BYTES !== 0) throw new Http2Error("bad-frame-size");
  const settings: ReceivedSettings = {};
  for (let at = start; at < end; at += ENTRY_BYTES) {
    const id = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
    readSetting(settings, id, readUint32(bytes, at + 2));
  }
  return settings;
}

function readSetting(settings: ReceivedSettings, id: number, value: number): void {
  switch (id) {
    case 1:
      settings.headerTableSize = value;
      settings.smallestHeaderTableSize = Math.min(settings.smallestHeaderTableSize ?? value, value);
      return;
    case 2:
      settings.enablePush = readFlag(value, "ENABLE_PUSH");
      return;
    case 3:
      settings.maxConcurrentStreams = value;
      return;
    case 4:
      if (value > MAX_WINDOW) throw new Http2Error("bad-initial-window");
      settings.initialWindowSize = value;
      return;
    case 5:
      if (value < MIN_MAX_FRAME_BYTES || value > MAX_MAX_FRAME_BYTES)
        throw new Http2Error("bad-setting", undefined, "MAX_FRAME_SIZE");
      settings.maxFrameSize = value;
      return;
    case 6:
      settings.maxHeaderListSize = value;
      return;
    case 8:
      settings.enableConnectProtocol = readFlag(value, "ENABLE_CONNECT_PROTOCOL");
      return;
    default:
    // Unknown settings mean nothing (RFC 9113 section 6.5.2).
  }
}

function readFlag(value: number, name: string): boolean {
  if (value > 1) throw new Http2Error("bad-setting", undefined, name);
  return value === 1;
}

/** Checks the size of an acknowledgement. Throws Http2Error (connection). */
export function decodeSettingsAck(start: number, end: number): void {
  if (start !== end) throw new Http2Error("bad-frame-size");
}

export function encodeSettings(out: ByteWriter, settings: Settings): void {
  const entries = entriesOf(settings);
  encodeFrameHeader(out, entries.length * ENTRY_BYTES, FRAME.settings, 0, 0);
  for (const [id, value] of entries) {
    const at = out.claim(ENTRY_BYTES);
    out.bytes[at] = 0;
    out.bytes[at + 1] = id;
    writeUint32(out.bytes, at + 2, value);
  }
}

function entriesOf(settings: Settings): [id: number, value: number][] {
  const all: [number, number | boolean | undefined][] = [
    [1, settings.headerTableSize],
    [2, settings.enablePush],
    [3, settings.maxConcurrentStreams],
    [4, settings.initialWindowSize],
    [5, settings.maxFrameSize],
    [6, settings.maxHeaderListSize],
    [8, settings.enableConnectProtocol],
  ];
  return all.flatMap(([id, value]): [number, number][] =>
    value === undefined ? [] : [[id, Number(value)]],
  );
}

export function encodeSettingsAck(out: ByteWriter): void {
  encodeFrameHeader(out, 0, FRAME.settings, FLAG.ack, 0);
}
