/** WINDOW_UPDATE, and what the server does with its windows (RFC 9113 section 6.9). */
import { frame, settings, windowUpdate } from "#http/http2/testing/raw-frames.ts";
import { FRAME } from "#wire/http2/frame-header.ts";
import type { CasePeer } from "./case-peer.ts";
import { type Http2Case, section } from "./http2-case.ts";

const updates = section("http2 6.9");
const windows = section("http2 6.9.1");
const initial = section("http2 6.9.2");

const MOST = 2 ** 31 - 1;

/** Exactly these frames of data have come, and no more will. */
async function mustHave(peer: CasePeer, sizes: readonly number[]): Promise<void> {
  const came = await peer.dataOf(1, sizes.length);
  if (came.join() !== sizes.join()) throw new Error(`came DATA of ${came.join()} bytes`);
}

export const windowCases: readonly Http2Case[] = [
  updates("the connection's window cannot be opened by nothing", async (peer) => {
    peer.send(windowUpdate(0, 0));
    await peer.refused("PROTOCOL_ERROR");
  }),
  updates("a stream's window cannot be opened by nothing", async (peer) => {
    peer.send(peer.post(1), windowUpdate(1, 0));
    await peer.refusedStream(1, "PROTOCOL_ERROR");
  }),
  updates("WINDOW_UPDATE has four bytes", async (peer) => {
    peer.send(frame(FRAME.windowUpdate, 0, 0, Buffer.alloc(3)));
    await peer.refused("FRAME_SIZE_ERROR");
  }),

  windows(
    "no more is sent than the window has",
    async (peer) => {
      peer.send(peer.get(1));
      await mustHave(peer, [1]);
    },
    { settings: [[4, 1]] },
  ),
  windows("the connection's window has 31 bits", async (peer) => {
    peer.send(windowUpdate(0, MOST), windowUpdate(0, MOST));
    await peer.refused("FLOW_CONTROL_ERROR");
  }),
  windows("a stream's window has 31 bits", async (peer) => {
    peer.send(peer.post(1), windowUpdate(1, MOST), windowUpdate(1, MOST));
    await peer.refusedStream(1, "FLOW_CONTROL_ERROR");
  }),

  initial(
    "another initial window opens the streams that are there",
    async (peer) => {
      peer.send(peer.get(1));
      await peer.says("HEADERS 1");
      await mustHave(peer, []);
      peer.send(settings([[4, 1]]));
      await mustHave(peer, [1]);
    },
    { settings: [[4, 0]] },
  ),
  initial(
    "a window that has become negative has to be opened beyond nothing",
    async (peer) => {
      peer.send(peer.get(1));
      await mustHave(peer, [3]);
      peer.send(settings([[4, 2]]), windowUpdate(1, 1));
      await mustHave(peer, [3]);
      peer.send(windowUpdate(1, 1));
      await mustHave(peer, [3, 1]);
    },
    { settings: [[4, 3]] },
  ),
  initial("an initial window has 31 bits", async (peer) => {
    peer.send(settings([[4, MOST + 1]]));
    await peer.refused("FLOW_CONTROL_ERROR");
  }),
];
