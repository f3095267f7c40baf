import fc from "fast-check";
import {
  continuation,
  data,
  frame,
  goaway,
  headers,
  ping,
  priority,
  type RawField,
  rstStream,
  settings,
  windowUpdate,
} from "#http/http2/testing/raw-frames.ts";
import type { CasePeer } from "./case-peer.ts";

/** A frame in the manner of the listener that it goes to. */
export type FrameMaker = (peer: CasePeer) => Buffer;

const id = fc.constantFrom(0, 1, 1, 3, 3, 5, 7, 9, 101);
const flags = fc.constantFrom(0, 1, 4, 4, 5, 5, 8, 9, 0x20, 0x2d);
const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
const method = fc.constantFrom("GET", "POST", "HEAD", "PUT", "OPTIONS", "CONNECT");
const more = fc.constantFrom<readonly RawField[]>(
  [],
  [["content-length", "5"]],
  [["expect", "100-continue"]],
  [["te", "trailers"]],
  [["transfer-encoding", "chunked"]],
  [["upgrade", "websocket"]],
  [
    ["cookie", "a"],
    ["x", "y"],
    ["cookie", "b"],
  ],
);

const head: fc.Arbitrary<FrameMaker> = fc.tuple(id, method, more, flags).map(
  ([stream, as, fields, flag]) =>
    (peer) =>
      headers(stream, peer.request(as, fields), flag),
);

const others: fc.Arbitrary<Buffer> = fc.oneof(
  fc.tuple(id, bytes, flags).map(([stream, body, flag]) => data(stream, body, flag)),
  fc.tuple(id, fc.nat(16_384)).map(([stream, size]) => data(stream, Buffer.alloc(size))),
  fc.tuple(id, flags).map(([stream, flag]) => headers(stream, [["x-trailer", "1"]], flag)),
  id.map((stream) => rstStream(stream, "CANCEL")),
  fc.tuple(id, fc.nat(70_000)).map(([stream, more]) => windowUpdate(stream, more)),
  fc.tuple(fc.nat(9), fc.nat(70_000)).map((entry) => settings([entry])),
  fc.tuple(id, id).map(([stream, other]) => priority(stream, other)),
  fc.constantFrom(ping("12345678"), ping("12345678", true), goaway(3, "NO_ERROR")),
  fc.tuple(id, bytes, flags).map(([stream, part, flag]) => continuation(stream, part, flag)),
  fc
    .tuple(fc.nat(12), flags, id, bytes)
    .map(([type, flag, stream, payload]) => frame(type, flag, stream, payload)),
);

/** Mostly requests, with everything else in between. */
export const randomFrames: fc.Arbitrary<readonly FrameMaker[]> = fc.array(
  fc.oneof(
    { weight: 2, arbitrary: head },
    {
      weight: 3,
      arbitrary: others.map(
        (made): FrameMaker =>
          () =>
            made,
      ),
    },
  ),
  { minLength: 1, maxLength: 25 },
);

/** How the bytes are cut on their way. */
export const pieceBytes: fc.Arbitrary<number> = fc.constantFrom(3, 50, 1_000, 100_000);
