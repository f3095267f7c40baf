/** The three properties of every decoder: round trip; any chunking gives the same; random bytes give a value or our error. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ByteWriter } from "#wire/http1/byte-writer.ts";
import { decodeContinuation, encodeContinuation } from "./continuation.ts";
import { encodeData } from "./data.ts";
import { FLAG, FRAME } from "./frame-header.ts";
import { FrameReader } from "./frame-reader.ts";
import { decodeGoaway, encodeGoaway } from "./goaway.ts";
import { beginHeaders, decodeHeaders, finishHeaders, HeadersFrame } from "./headers.ts";
import { Http2Error, http2CodeName } from "./http2-error.ts";
import { decodePing, encodePing } from "./ping.ts";
import { decodePriority, encodePriority } from "./priority.ts";
import { decodeRstStream, encodeRstStream } from "./rst-stream.ts";
import { decodeSettings, encodeSettings, type Settings } from "./settings.ts";
import { type RecordedFrame, RecordedFrames } from "./testing/recorded-frames.ts";
import { decodeWindowUpdate, encodeWindowUpdate } from "./window-update.ts";

const streamId = fc.integer({ min: 1, max: 0x7fff_ffff });
const code = fc.integer({ min: 0, max: 13 }).map(http2CodeName);
const bytes = (maxLength: number) =>
  fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));

function written(encode: (out: ByteWriter) => void): Buffer {
  const out = new ByteWriter(16);
  encode(out);
  return Buffer.from(out.view());
}

function readAll(input: Buffer, cuts: readonly number[] = []): RecordedFrame[] {
  const recorded = new RecordedFrames();
  const reader = new FrameReader(recorded);
  let from = 0;
  for (const cut of [...new Set(cuts)].sort((a, b) => a - b).concat(input.length)) {
    if (cut <= from || cut > input.length) continue;
    reader.read(Buffer.from(input.subarray(from, cut)));
    from = cut;
  }
  return recorded.frames;
}

function one(input: Buffer): RecordedFrame {
  const [frame, ...more] = readAll(input);
  if (frame === undefined || more.length > 0) throw new Error("not one frame");
  return frame;
}

describe("what is written is read back", () => {
  test("DATA", () => {
    fc.assert(
      fc.property(streamId, bytes(2_000), fc.boolean(), (id, data, endStream) => {
        const frame = one(written((out) => encodeData(out, id, data, endStream)));
        expect(frame).toMatchObject({ type: FRAME.data, streamId: id, length: data.length });
        expect(frame.flags).toBe(endStream ? FLAG.endStream : 0);
        expect(frame.payload.equals(data)).toBe(true);
      }),
    );
  });

  test("a header block of any size, in as many frames as it needs", () => {
    fc.assert(
      fc.property(streamId, bytes(5_000), fc.boolean(), (id, block, endStream) => {
        const input = written((out) => {
          const at = beginHeaders(out);
          out.append(block);
          finishHeaders(out, at, id, endStream, 1_000);
        });
        const [first, ...more] = readAll(input);
        const to = new HeadersFrame();
        if (first === undefined) throw new Error("no frame");
        decodeHeaders(first.payload, 0, first.payload.length, first.flags, to);
        expect((first.flags & FLAG.endStream) !== 0).toBe(endStream);
        const parts = [first.payload.subarray(to.fragmentStart, to.fragmentEnd)];
        for (const frame of more) parts.push(frame.payload);
        const last = more.at(-1) ?? first;
        expect(decodeContinuation(last.flags)).toBe(true);
        expect(Buffer.concat(parts).equals(block)).toBe(true);
      }),
    );
  });

  test("CONTINUATION", () => {
    fc.assert(
      fc.property(streamId, bytes(100), fc.boolean(), (id, fragment, end) => {
        const frame = one(written((out) => encodeContinuation(out, id, fragment, end)));
        expect(decodeContinuation(frame.flags)).toBe(end);
        expect(frame.payload.equals(fragment)).toBe(true);
      }),
    );
  });

  test("PRIORITY, RST_STREAM, WINDOW_UPDATE", () => {
    fc.assert(
      fc.property(streamId, streamId, code, (id, other, resetCode) => {
        const priority = one(written((out) => encodePriority(out, id, other))).payload;
        expect(decodePriority(priority, 0, priority.length)).toBe(other);
        const reset = one(written((out) => encodeRstStream(out, id, resetCode))).payload;
        expect(decodeRstStream(reset, 0, reset.length)).toBe(resetCode);
        const update = one(written((out) => encodeWindowUpdate(out, id, other))).payload;
        expect(decodeWindowUpdate(update, 0, update.length, id)).toBe(other);
      }),
    );
  });

  test("PING and GOAWAY", () => {
    const debug = fc.string({ maxLength: 40 });
    fc.assert(
      fc.property(streamId, code, debug, fc.boolean(), (id, goawayCode, text, isAck) => {
        const opaque = Buffer.from("12345678");
        const ping = one(written((out) => encodePing(out, isAck, opaque)));
        expect(decodePing(ping.flags, 0, ping.payload.length)).toBe(isAck);
        expect(ping.payload.equals(opaque)).toBe(true);
        const { payload } = one(written((out) => encodeGoaway(out, id, goawayCode, text)));
        expect(decodeGoaway(payload, 0, payload.length)).toMatchObject({
          lastStreamId: id,
          code: goawayCode,
          debug: text,
        });
      }),
    );
  });

  test("SETTINGS", () => {
    const uint31 = fc.integer({ min: 0, max: 0x7fff_ffff });
    const settings = fc.record(
      {
        headerTableSize: uint31,
        enablePush: fc.boolean(),
        maxConcurrentStreams: fc.integer({ min: 0, max: 0xffff_ffff }),
        initialWindowSize: uint31,
        maxFrameSize: fc.integer({ min: 16_384, max: 16_777_215 }),
        maxHeaderListSize: uint31,
        enableConnectProtocol: fc.boolean(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(settings, (wanted: Settings) => {
        const { payload } = one(written((out) => encodeSettings(out, wanted)));
        expect(decodeSettings(payload, 0, payload.length)).toMatchObject(wanted);
      }),
    );
  });
});

/** Frames of every type with random payloads: as much noise as a peer can send without losing the boundaries. */
const frame = fc
  .tuple(fc.integer({ min: 0, max: 11 }), fc.integer({ min: 0, max: 255 }), streamId, bytes(60))
  .map(([type, flags, id, payload]) => {
    const header = Buffer.alloc(9);
    header.writeUIntBE(payload.length, 0, 3);
    header[3] = type;
    header[4] = flags;
    header.writeUInt32BE(id, 5);
    return Buffer.concat([header, payload]);
  });

function outcome(input: Buffer, cuts: readonly number[]): string {
  const recorded = new RecordedFrames();
  const reader = new FrameReader(recorded);
  let ending = "read";
  let from = 0;
  try {
    for (const cut of [...new Set(cuts)].sort((a, b) => a - b).concat(input.length)) {
      if (cut <= from || cut > input.length) continue;
      reader.read(Buffer.from(input.subarray(from, cut)));
      from = cut;
    }
  } catch (cause) {
    if (!(cause instanceof Http2Error)) throw cause;
    ending = cause.reason;
  }
  const words = recorded.frames.map(
    ({ type, flags, streamId: id, payload }) => `${type}/${flags}/${id}/${payload.toString("hex")}`,
  );
  return `${words.join(" ")} ${ending}`;
}

test("however the bytes are cut, the same frames are read", () => {
  fc.assert(
    fc.property(
      fc.array(frame, { maxLength: 12 }),
      fc.array(fc.nat({ max: 800 }), { maxLength: 40 }),
      (frames, cuts) => {
        const input = Buffer.concat(frames);
        expect(outcome(input, cuts)).toBe(outcome(input, []));
        expect(outcome(input, [...input.keys()])).toBe(outcome(input, []));
      },
    ),
  );
});

test("random payloads give a value or an error of this protocol", () => {
  const decoders: ((payload: Buffer, flags: number) => unknown)[] = [
    (payload, flags) => decodeHeaders(payload, 0, payload.length, flags, new HeadersFrame()),
    (payload) => decodePriority(payload, 0, payload.length),
    (payload) => decodeRstStream(payload, 0, payload.length),
    (payload) => decodeSettings(payload, 0, payload.length),
    (payload, flags) => decodePing(flags, 0, payload.length),
    (payload) => decodeGoaway(payload, 0, payload.length),
    (payload) => decodeWindowUpdate(payload, 0, payload.length, 1),
  ];
  fc.assert(
    fc.property(bytes(40), fc.integer({ min: 0, max: 255 }), (payload, flags) => {
      for (const decode of decoders) {
        try {
          decode(payload, flags);
        } catch (cause) {
          expect(cause).toBeInstanceOf(Http2Error);
        }
      }
    }),
  );
});

test("reading stops where the receiver wants it, and goes on later", () => {
  const input = Buffer.concat([
    written((out) => encodeWindowUpdate(out, 1, 1)),
    written((out) => encodeData(out, 3, Buffer.from("hello"), true)),
    written((out) => encodeWindowUpdate(out, 5, 1)),
  ]);
  const recorded = new RecordedFrames();
  const reader = new FrameReader({
    onDataBegin: (id, flags, length) => recorded.onDataBegin(id, flags, length),
    onDataPiece: (...piece) => recorded.onDataPiece(...piece),
    onDataEnd: () => recorded.onDataEnd(),
    onFrame: (...told) => {
      recorded.onFrame(...told);
      reader.stop();
    },
  });
  reader.read(input);
  expect(recorded.frames.map(({ streamId: id }) => id)).toEqual([1]);
  reader.goOn();
  expect(recorded.frames.map(({ streamId: id }) => id)).toEqual([1, 3, 5]);
});
