/** SETTINGS, PING, GOAWAY and unknown codes (RFC 9113 sections 6.5, 6.7, 6.8 and 7). */
import { frame, ping, settings } from "#http/http2/testing/raw-frames.ts";
import { FLAG, FRAME } from "#wire/http2/frame-header.ts";
import { type Http2Case, section } from "./http2-case.ts";
import { uint32 } from "./payloads.ts";

const settingsFrames = section("http2 6.5");
const parameters = section("http2 6.5.2");
const synchronization = section("http2 6.5.3");
const pings = section("http2 6.7");
const goaways = section("http2 6.8");
const codes = section("http2 7");

const NOTHING = Buffer.alloc(0);
const UNKNOWN_CODE = 0xff00;
const goawayPayload = (code: number): Buffer => Buffer.concat([uint32(0), uint32(code)]);

function wrongValue(title: string, id: number, value: number, flow = false): Http2Case {
  return parameters(title, async (peer) => {
    peer.send(settings([[id, value]]));
    await peer.refused(flow ? "FLOW_CONTROL_ERROR" : "PROTOCOL_ERROR");
  });
}

export const controlCases: readonly Http2Case[] = [
  settingsFrames("an acknowledgement has nothing in it", async (peer) => {
    peer.send(frame(FRAME.settings, FLAG.ack, 0, Buffer.alloc(6)));
    await peer.refused("FRAME_SIZE_ERROR");
  }),
  settingsFrames("SETTINGS belong to no stream", async (peer) => {
    peer.send(frame(FRAME.settings, 0, 1, NOTHING));
    await peer.refused("PROTOCOL_ERROR");
  }),
  settingsFrames("each setting has six bytes", async (peer) => {
    peer.send(frame(FRAME.settings, 0, 0, Buffer.alloc(3)));
    await peer.refused("FRAME_SIZE_ERROR");
  }),

  wrongValue("ENABLE_PUSH is 0 or 1", 2, 2),
  wrongValue("INITIAL_WINDOW_SIZE has 31 bits", 4, 2 ** 31, true),
  wrongValue("MAX_FRAME_SIZE is not below what every peer accepts", 5, 16_383),
  wrongValue("MAX_FRAME_SIZE is not above what a frame can say", 5, 2 ** 24),
  parameters("a setting that is not known is ignored", async (peer) => {
    peer.send(settings([[0xff, 1]]), ping("8 bytes!"));
    await peer.says("PING ACK 8 bytes!");
  }),

  synchronization("of several values of one setting the last holds", async (peer) => {
    peer.send(
      settings([
        [4, 100],
        [4, 1],
      ]),
      peer.get(1),
    );
    const sizes = await peer.dataOf(1, 1);
    if (sizes.join() !== "1") throw new Error(`came DATA of ${sizes.join()} bytes`);
  }),
  synchronization("SETTINGS are acknowledged", async (peer) => {
    peer.send(settings([[5, 16_384]]));
    await peer.says("SETTINGS ACK");
  }),

  pings("PING is answered", async (peer) => {
    peer.send(ping("8 bytes!"));
    await peer.says("PING ACK 8 bytes!");
  }),
  pings("an answer is not answered", async (peer) => {
    peer.send(ping("unasked!", true), ping("8 bytes!"));
    await peer.says("PING ACK 8 bytes!");
    peer.saidNot("PING ACK unasked!");
  }),
  pings("PING belongs to no stream", async (peer) => {
    peer.send(frame(FRAME.ping, 0, 1, Buffer.alloc(8)));
    await peer.refused("PROTOCOL_ERROR");
  }),
  pings("PING has eight bytes", async (peer) => {
    peer.send(frame(FRAME.ping, 0, 0, Buffer.alloc(9)));
    await peer.refused("FRAME_SIZE_ERROR");
  }),

  goaways("GOAWAY belongs to no stream", async (peer) => {
    peer.send(frame(FRAME.goaway, 0, 1, goawayPayload(0)));
    await peer.refused("PROTOCOL_ERROR");
  }),

  codes("GOAWAY with a code that is not known is like any other", async (peer) => {
    peer.send(frame(FRAME.goaway, 0, 0, goawayPayload(UNKNOWN_CODE)));
    await peer.alive();
  }),
  codes("RST_STREAM with a code that is not known is like any other", async (peer) => {
    peer.send(peer.post(1), frame(FRAME.rstStream, 0, 1, uint32(UNKNOWN_CODE)));
    await peer.alive();
  }),
];
