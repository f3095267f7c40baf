/** The preface and the form of frames (RFC 9113 sections 3.4 and 4). */
import { data, END, frame, ping, settings } from "#http/http2/testing/raw-frames.ts";
import { FLAG, FRAME } from "#wire/http2/frame-header.ts";
import { PREFACE } from "#wire/http2/preface.ts";
import { type Http2Case, section } from "./http2-case.ts";
import { priorityPayload } from "./payloads.ts";

const preface = section("http2 3.5");
const format = section("http2 4.1");
const size = section("http2 4.2");
const compression = section("http2 4.3");

const UNKNOWN_TYPE = 0xcb;
const OPAQUE = Buffer.from("8 bytes!");

export const frameCases: readonly Http2Case[] = [
  preface(
    "the server says its settings first",
    async (peer) => {
      peer.send(PREFACE, settings([[4, 65_535]]));
      await peer.says("SETTINGS");
      if (peer.firstWord !== "SETTINGS") throw new Error(`first came ${peer.firstWord}`);
    },
    { settings: null },
  ),
  preface(
    "what is no preface ends the connection",
    async (peer) => {
      peer.send(Buffer.from("SOMETHING QUITE DIFFERENT\r\n\r\n"));
      await peer.ended();
    },
    { settings: null },
  ),

  format("frames of an unknown type are ignored", async (peer) => {
    peer.send(frame(UNKNOWN_TYPE, 0xff, 0, Buffer.alloc(8)), peer.get(1));
    await peer.answered(1);
  }),
  format("flags that a type does not have are ignored", async (peer) => {
    peer.send(frame(FRAME.ping, 0xfe, 0, OPAQUE));
    await peer.says("PING ACK 8 bytes!");
  }),
  format("the reserved bit before the stream is ignored", async (peer) => {
    peer.send(frame(FRAME.ping, 0, 0x8000_0000, OPAQUE));
    await peer.says("PING ACK 8 bytes!");
  }),

  size("a DATA frame may be as large as was announced", async (peer) => {
    const most = await peer.setting("maxFrameSize");
    peer.send(peer.post(1), data(1, Buffer.alloc(most), END));
    await peer.answered(1);
  }),
  size("a DATA frame may not be larger", async (peer) => {
    const most = await peer.setting("maxFrameSize");
    peer.send(peer.post(1), data(1, Buffer.alloc(most + 1), END));
    await peer.refusedStream(1, "FRAME_SIZE_ERROR");
  }),
  size("a HEADERS frame may not be larger, and ends the connection", async (peer) => {
    const most = await peer.setting("maxFrameSize");
    const payload = Buffer.concat([peer.block(), Buffer.alloc(most)]).subarray(0, most + 1);
    peer.send(frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, 1, payload));
    await peer.refused("FRAME_SIZE_ERROR");
  }),

  compression("a header block that cannot be decoded ends the connection", async (peer) => {
    // A name of five bytes, of which one is there.
    peer.send(frame(FRAME.headers, FLAG.endHeaders, 1, Buffer.of(0x40, 0x05, 0x61)));
    await peer.refused("COMPRESSION_ERROR");
  }),
  compression("PRIORITY may not come within a header block", async (peer) => {
    peer.send(
      frame(FRAME.headers, FLAG.endStream, 1, peer.block()),
      frame(FRAME.priority, 0, 1, priorityPayload(0)),
    );
    await peer.refused("PROTOCOL_ERROR");
  }),
  compression("HEADERS of another stream may not come within a header block", async (peer) => {
    peer.send(frame(FRAME.headers, FLAG.endStream, 1, peer.block()), peer.get(3));
    await peer.refused("PROTOCOL_ERROR");
  }),
];

export const extensionCases: readonly Http2Case[] = [
  section("http2 5.5")("a frame of an extension is ignored", async (peer) => {
    peer.send(frame(UNKNOWN_TYPE, 0, 0, Buffer.alloc(0)), ping("8 bytes!"));
    await peer.says("PING ACK 8 bytes!");
  }),
  section("http2 5.5")(
    "a frame of an extension may not come within a header block",
    async (peer) => {
      peer.send(
        frame(FRAME.headers, FLAG.endStream, 1, peer.block()),
        frame(UNKNOWN_TYPE, 0, 1, Buffer.alloc(0)),
      );
      await peer.refused("PROTOCOL_ERROR");
    },
  ),
];
