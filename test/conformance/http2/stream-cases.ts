/** In which state of a stream which frames may come (RFC 9113 section 5). */
import {
  continuation,
  data,
  END,
  frame,
  rstStream,
  windowUpdate,
} from "#http/http2/testing/raw-frames.ts";
import { FLAG, FRAME } from "#wire/http2/frame-header.ts";
import type { CasePeer } from "./case-peer.ts";
import { type Http2Case, section } from "./http2-case.ts";
import { priorityPayload } from "./payloads.ts";

const states = section("http2 5.1");
const numbers = section("http2 5.1.1");
const concurrency = section("http2 5.1.2");
const dependencies = section("http2 5.3.1");
const errors = section("http2 5.4.1");

const CLOSED_WINDOW = { settings: [[4, 0]] as const };

/** A stream that the client has ended, and the server cannot. */
function halfClosed(
  title: string,
  late: (peer: CasePeer) => Buffer,
  isOfConnection = false,
): Http2Case {
  return states(
    `half closed (remote): ${title}`,
    async (peer) => {
      peer.send(peer.get(1), late(peer));
      if (isOfConnection) await peer.refused("PROTOCOL_ERROR", "STREAM_CLOSED");
      else await peer.refusedStream(1, "STREAM_CLOSED");
    },
    CLOSED_WINDOW,
  );
}

function closedByReset(
  title: string,
  late: (peer: CasePeer) => Buffer,
  isOfConnection = false,
): Http2Case {
  return states(`closed by the client's RST_STREAM: ${title}`, async (peer) => {
    peer.send(peer.post(1), rstStream(1, "CANCEL"), late(peer));
    if (isOfConnection) await peer.refused("PROTOCOL_ERROR", "STREAM_CLOSED");
    else await peer.refusedStream(1, "STREAM_CLOSED");
  });
}

function closedInOrder(
  title: string,
  late: (peer: CasePeer) => Buffer,
  isOfConnection = false,
): Http2Case {
  return states(`closed: ${title}`, async (peer) => {
    peer.send(peer.get(1));
    await peer.answered(1);
    peer.send(late(peer));
    if (isOfConnection) await peer.refused("PROTOCOL_ERROR", "STREAM_CLOSED");
    else await peer.refusedStream(1, "STREAM_CLOSED");
  });
}

const bodyOf = (): Buffer => data(1, "late", END);
const headOf = (peer: CasePeer): Buffer => peer.get(1);
const restOf = (peer: CasePeer): Buffer => continuation(1, peer.block());

const idle: readonly (readonly [string, (peer: CasePeer) => Buffer])[] = [
  ["DATA", bodyOf],
  ["RST_STREAM", () => rstStream(1, "CANCEL")],
  ["WINDOW_UPDATE", () => windowUpdate(1, 100)],
  ["CONTINUATION", restOf],
];

export const streamCases: readonly Http2Case[] = [
  ...idle.map(([name, make]) =>
    states(`idle: ${name} ends the connection`, async (peer) => {
      peer.send(make(peer));
      await peer.refused("PROTOCOL_ERROR");
    }),
  ),
  halfClosed("DATA is refused", bodyOf),
  halfClosed("HEADERS are refused", headOf),
  halfClosed("CONTINUATION ends the connection", restOf, true),
  closedByReset("DATA is refused", bodyOf),
  closedByReset("HEADERS are refused", headOf),
  closedByReset("CONTINUATION ends the connection", restOf, true),
  closedInOrder("DATA is refused", bodyOf),
  closedInOrder("HEADERS are refused", headOf),
  closedInOrder("CONTINUATION ends the connection", restOf, true),

  numbers("an even number ends the connection", async (peer) => {
    peer.send(peer.get(2));
    await peer.refused("PROTOCOL_ERROR");
  }),
  numbers("a number below the last ends the connection", async (peer) => {
    peer.send(peer.get(5));
    await peer.answered(5);
    peer.send(peer.get(3));
    await peer.refused("PROTOCOL_ERROR");
  }),

  concurrency("a stream above the announced number is refused", async (peer) => {
    const most = await peer.setting("maxConcurrentStreams");
    for (let i = 0; i < most; i++) peer.send(peer.post(2 * i + 1));
    const over = 2 * most + 1;
    peer.send(peer.post(over));
    await peer.refusedStream(over, "REFUSED_STREAM", "PROTOCOL_ERROR");
  }),

  dependencies("HEADERS may not make a stream depend on itself", async (peer) => {
    const payload = Buffer.concat([priorityPayload(1), peer.block()]);
    const flags = FLAG.endHeaders | FLAG.endStream | FLAG.priority;
    peer.send(frame(FRAME.headers, flags, 1, payload));
    await peer.refusedStream(1, "PROTOCOL_ERROR");
  }),
  dependencies("PRIORITY may not make a stream depend on itself", async (peer) => {
    peer.send(peer.post(1), frame(FRAME.priority, 0, 1, priorityPayload(1)));
    await peer.refusedStream(1, "PROTOCOL_ERROR");
  }),

  errors("after an error of the connection it is closed", async (peer) => {
    peer.send(frame(FRAME.ping, 0, 0, Buffer.alloc(6)));
    await peer.ended();
  }),
  errors("an error of the connection is told by GOAWAY", async (peer) => {
    peer.send(frame(FRAME.ping, 0, 0, Buffer.alloc(6)));
    await peer.refused("FRAME_SIZE_ERROR");
  }),
];
