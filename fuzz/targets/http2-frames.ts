import { FRAME } from "#wire/http2/frame-header.ts";
import { FrameReader } from "#wire/http2/frame-reader.ts";
import { decodeGoaway } from "#wire/http2/goaway.ts";
import { HeaderBlock } from "#wire/http2/header-block.ts";
import { decodeHeaders, HeadersFrame } from "#wire/http2/headers.ts";
import { Http2Error } from "#wire/http2/http2-error.ts";
import { decodePing } from "#wire/http2/ping.ts";
import { decodePriority } from "#wire/http2/priority.ts";
import { decodeRstStream } from "#wire/http2/rst-stream.ts";
import { decodeSettings } from "#wire/http2/settings.ts";
import { decodeWindowUpdate } from "#wire/http2/window-update.ts";
import { type FuzzTarget, mustEqual } from "../target.ts";

const headers = new HeadersFrame();

function meaning(
  block: HeaderBlock,
  type: number,
  flags: number,
  id: number,
  bytes: Buffer,
  start: number,
  end: number,
): string {
  switch (type) {
    case FRAME.headers: {
      decodeHeaders(bytes, start, end, flags, headers);
      const fragment = bytes.subarray(headers.fragmentStart, headers.fragmentEnd);
      if ((flags & 4) === 0 && id !== 0) block.begin(id, (flags & 1) !== 0, fragment);
      return `${headers.dependsOn} ${fragment.toString("hex")}`;
    }
    case FRAME.priority:
      return String(decodePriority(bytes, start, end));
    case FRAME.rstStream:
      return decodeRstStream(bytes, start, end);
    case FRAME.settings:
      return JSON.stringify(decodeSettings(bytes, start, end));
    case FRAME.ping:
      return String(decodePing(flags, start, end));
    case FRAME.goaway:
      return JSON.stringify(decodeGoaway(bytes, start, end));
    case FRAME.windowUpdate:
      return String(decodeWindowUpdate(bytes, start, end, id));
    case FRAME.continuation:
      block.continue(id, bytes.subarray(start, end), (flags & 4) !== 0);
      return (flags & 4) === 0 ? "" : block.take().toString("hex");
    default:
      return bytes.subarray(start, end).toString("hex");
  }
}

function read(bytes: Buffer, pieceBytes: number): string {
  let text = "";
  const block = new HeaderBlock({ maxBytes: 1_024, maxContinuations: 5 });
  const reader = new FrameReader({
    onDataBegin: (...told) => {
      text += ` data ${told.join("/")} `;
    },
    onDataPiece: (bytes, start, end) => {
      text += bytes.toString("hex", start, end);
    },
    onDataEnd: () => {
      text += ".";
    },
    onFrame: (type, flags, id, payload, start, end) => {
      text += ` ${type}/${flags}/${id} `;
      text += meaning(block, type, flags, id, payload, start, end);
    },
  });
  try {
    for (let at = 0; at < bytes.length; at += pieceBytes)
      reader.read(bytes.subarray(at, at + pieceBytes));
    return `${text} ${reader.isWithinFrame}`;
  } catch (cause) {
    if (cause instanceof Http2Error) return `${text} ${cause.reason}`;
    throw cause;
  }
}

export const http2Frames: FuzzTarget = {
  name: "http2-frames",
  dictionary: [
    "\0\0\0\x04\0\0\0\0\0",
    "\0\0\x06\x04\0\0\0\0\0\0\x04\0\0\xff\xff",
    "\0\0\x01\x01\x05\0\0\0\x01\x82",
    "\0\0\x05\0\x01\0\0\0\x01hello",
    "\0\0\x05\0\x09\0\0\0\x01\x02hi..",
    "\0\0\x08\x06\0\0\0\0\0........",
    "\0\0\x04\x08\0\0\0\0\x01\0\0\x01\0",
    "\0\0\x04\x03\0\0\0\0\x01\0\0\0\x08",
    "\0\0\x08\x07\0\0\0\0\0\0\0\0\x01\0\0\0\0",
    "\0\0\x01\x09\x04\0\0\0\x01\x82",
    "\0\0\x05\x02\0\0\0\0\x01\0\0\0\0\x10",
    "\xff\xff\xff",
    "\0\x40\0",
  ],
  run: (bytes) => {
    const whole = read(bytes, Math.max(1, bytes.length));
    for (const pieceBytes of [1, 3, 16])
      mustEqual(read(bytes, pieceBytes), whole, `pieces of ${pieceBytes}`);
  },
};
