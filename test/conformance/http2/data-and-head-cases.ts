/** DATA, HEADERS, PRIORITY, RST_STREAM and CONTINUATION that are not right (RFC 9113 section 6). */
import { continuation, data, END, frame, rstStream } from "#http/http2/testing/raw-frames.ts";
import { FLAG, FRAME } from "#wire/http2/frame-header.ts";
import { type Http2Case, section } from "./http2-case.ts";
import { overPadded, priorityPayload, uint32 } from "./payloads.ts";

const dataFrames = section("http2 6.1");
const headFrames = section("http2 6.2");
const priorities = section("http2 6.3");
const resets = section("http2 6.4");
const continuations = section("http2 6.10");

const WHOLE = FLAG.endHeaders | FLAG.endStream;

export const dataAndHeadCases: readonly Http2Case[] = [
  dataFrames("DATA belongs to a stream", async (peer) => {
    peer.send(data(0, "body"));
    await peer.refused("PROTOCOL_ERROR");
  }),
  dataFrames("DATA is refused on a stream that is not open", async (peer) => {
    peer.send(peer.get(1));
    await peer.answered(1);
    peer.send(data(1, "late"));
    await peer.refusedStream(1, "STREAM_CLOSED");
  }),
  dataFrames("DATA may not be padded beyond its end", async (peer) => {
    const payload = overPadded(Buffer.from("body"));
    peer.send(peer.post(1), frame(FRAME.data, FLAG.padded | FLAG.endStream, 1, payload));
    await peer.refused("PROTOCOL_ERROR");
  }),

  headFrames(
    "nothing but CONTINUATION may follow HEADERS that do not end the block",
    async (peer) => {
      peer.send(
        frame(FRAME.headers, 0, 1, peer.block()),
        frame(FRAME.priority, 0, 1, priorityPayload(0)),
      );
      await peer.refused("PROTOCOL_ERROR");
    },
  ),
  headFrames("no other HEADERS may follow either", async (peer) => {
    peer.send(frame(FRAME.headers, 0, 1, peer.block()), peer.get(3));
    await peer.refused("PROTOCOL_ERROR");
  }),
  headFrames("HEADERS belong to a stream", async (peer) => {
    peer.send(peer.get(0));
    await peer.refused("PROTOCOL_ERROR");
  }),
  headFrames("HEADERS may not be padded beyond their end", async (peer) => {
    const payload = overPadded(Buffer.from("head"));
    peer.send(frame(FRAME.headers, WHOLE | FLAG.padded, 1, payload));
    await peer.refused("PROTOCOL_ERROR");
  }),

  priorities("PRIORITY belongs to a stream", async (peer) => {
    peer.send(frame(FRAME.priority, 0, 0, priorityPayload(0)));
    await peer.refused("PROTOCOL_ERROR");
  }),
  priorities("PRIORITY has five bytes", async (peer) => {
    peer.send(peer.post(1), frame(FRAME.priority, 0, 1, Buffer.alloc(4)));
    await peer.refusedStream(1, "FRAME_SIZE_ERROR");
  }),

  resets("RST_STREAM belongs to a stream", async (peer) => {
    peer.send(rstStream(0, "CANCEL"));
    await peer.refused("PROTOCOL_ERROR");
  }),
  resets("RST_STREAM may not come for a stream that was never opened", async (peer) => {
    peer.send(rstStream(1, "CANCEL"));
    await peer.refused("PROTOCOL_ERROR");
  }),
  resets("RST_STREAM has four bytes", async (peer) => {
    peer.send(peer.post(1), frame(FRAME.rstStream, 0, 1, uint32(8).subarray(0, 3)));
    await peer.refused("FRAME_SIZE_ERROR");
  }),

  continuations("several CONTINUATION frames belong together", async (peer) => {
    const bytes = peer.block("POST");
    peer.send(
      frame(FRAME.headers, 0, 1, bytes.subarray(0, 9)),
      continuation(1, bytes.subarray(9, 20), 0),
      continuation(1, bytes.subarray(20)),
      data(1, "body", END),
    );
    await peer.answered(1);
  }),
  continuations("nothing else may follow one that does not end the block", async (peer) => {
    peer.send(
      frame(FRAME.headers, 0, 1, peer.block("POST")),
      continuation(1, Buffer.of(0x90), 0),
      data(1, "body", END),
    );
    await peer.refused("PROTOCOL_ERROR");
  }),
  continuations("CONTINUATION belongs to a stream", async (peer) => {
    peer.send(frame(FRAME.headers, 0, 1, peer.block()), continuation(0, Buffer.alloc(0)));
    await peer.refused("PROTOCOL_ERROR");
  }),
  continuations("CONTINUATION may not follow HEADERS that end the block", async (peer) => {
    peer.send(peer.post(1), continuation(1, Buffer.of(0x90)));
    await peer.refused("PROTOCOL_ERROR");
  }),
  continuations("CONTINUATION may not follow one that ends the block", async (peer) => {
    peer.send(
      frame(FRAME.headers, 0, 1, peer.block("POST")),
      continuation(1, Buffer.of(0x90)),
      continuation(1, Buffer.of(0x90)),
    );
    await peer.refused("PROTOCOL_ERROR");
  }),
  continuations("CONTINUATION may not follow DATA", async (peer) => {
    peer.send(peer.post(1), data(1, "body"), continuation(1, Buffer.of(0x90)));
    await peer.refused("PROTOCOL_ERROR");
  }),
];
