/** What every server has to do with frames that are right. */
import {
  continuation,
  data,
  END,
  frame,
  goaway,
  headers,
  ping,
  rstStream,
  settings,
  windowUpdate,
} from "#http/http2/testing/raw-frames.ts";
import { FLAG, FRAME } from "#wire/http2/frame-header.ts";
import { type Http2Case, section } from "./http2-case.ts";
import { padded, priorityPayload } from "./payloads.ts";

const starting = section("generic 1");
const streams = section("generic 2");
const dataFrames = section("generic 3.1");
const headFrames = section("generic 3.2");
const priorities = section("generic 3.3");
const resets = section("generic 3.4");
const settingsFrames = section("generic 3.5");
const pings = section("generic 3.7");
const goaways = section("generic 3.8");
const windows = section("generic 3.9");
const continuations = section("generic 3.10");
const messages = section("generic 4");

/** Nothing can be sent until the window is opened. */
const CLOSED_WINDOW = { settings: [[4, 0]] as const };
const WHOLE = FLAG.endHeaders | FLAG.endStream;
const priority = (streamId: number, payload: Uint8Array): Buffer =>
  frame(FRAME.priority, 0, streamId, payload);

export const genericCases: readonly Http2Case[] = [
  starting("a preface is answered, and SETTINGS are the first frame", async (peer) => {
    await peer.alive();
    if (peer.firstWord !== "SETTINGS") throw new Error(`first came ${peer.firstWord}`);
  }),

  streams("PRIORITY may come before the stream is opened", async (peer) => {
    peer.send(priority(1, priorityPayload(0)), peer.get(1));
    await peer.answered(1);
  }),
  streams(
    "WINDOW_UPDATE counts on a stream that the client has ended",
    async (peer) => {
      peer.send(peer.get(1), windowUpdate(1, 100_000));
      await peer.answered(1);
    },
    CLOSED_WINDOW,
  ),
  streams(
    "PRIORITY may come on a stream that the client has ended",
    async (peer) => {
      peer.send(peer.get(1), priority(1, priorityPayload(0)), windowUpdate(1, 100_000));
      await peer.answered(1);
    },
    CLOSED_WINDOW,
  ),
  streams(
    "RST_STREAM may come on a stream that the client has ended",
    async (peer) => {
      peer.send(peer.get(1), rstStream(1, "CANCEL"));
      await peer.alive();
    },
    CLOSED_WINDOW,
  ),
  streams("PRIORITY may come on a stream that is over", async (peer) => {
    peer.send(peer.get(1));
    await peer.answered(1);
    peer.send(priority(1, priorityPayload(0)));
    await peer.alive();
  }),

  dataFrames("a body in one frame is taken", async (peer) => {
    peer.send(peer.post(1), data(1, "body", END));
    await peer.answered(1);
  }),
  dataFrames("a body in several frames is taken", async (peer) => {
    peer.send(peer.post(1), data(1, "bo"), data(1, "dy"), data(1, "", END));
    await peer.answered(1);
  }),
  dataFrames("a body with padding is taken", async (peer) => {
    const payload = padded(Buffer.from("body"), 6);
    peer.send(peer.post(1), frame(FRAME.data, FLAG.padded | FLAG.endStream, 1, payload));
    await peer.answered(1);
  }),

  headFrames("a head is answered", async (peer) => {
    peer.send(peer.get(1));
    await peer.answered(1);
  }),
  headFrames("a head with padding is answered", async (peer) => {
    peer.send(frame(FRAME.headers, WHOLE | FLAG.padded, 1, padded(peer.block(), 6)));
    await peer.answered(1);
  }),
  headFrames("a head with a priority is answered", async (peer) => {
    const payload = Buffer.concat([priorityPayload(0, 256, true), peer.block()]);
    peer.send(frame(FRAME.headers, WHOLE | FLAG.priority, 1, payload));
    await peer.answered(1);
  }),

  ...[1, 256].map((weight) =>
    priorities(`a weight of ${weight} is taken`, async (peer) => {
      peer.send(priority(1, priorityPayload(0, weight)), peer.get(1));
      await peer.answered(1);
    }),
  ),
  priorities("a stream may depend on another", async (peer) => {
    peer.send(priority(1, priorityPayload(0)), priority(3, priorityPayload(1)), peer.get(1));
    await peer.answered(1);
  }),
  priorities("a stream may depend on another alone", async (peer) => {
    peer.send(priority(3, priorityPayload(1, 16, true)), peer.get(1));
    await peer.answered(1);
  }),
  priorities("a stream whose priority was told is not open: lower ones still may", async (peer) => {
    peer.send(priority(5, priorityPayload(0)), peer.get(3));
    await peer.answered(3);
  }),

  resets("an open stream may be reset", async (peer) => {
    peer.send(peer.post(1), rstStream(1, "CANCEL"));
    await peer.alive();
  }),
  settingsFrames("SETTINGS are acknowledged", async (peer) => {
    peer.send(settings([[3, 100]]));
    await peer.says("SETTINGS ACK");
  }),
  pings("PING is answered with its bytes", async (peer) => {
    peer.send(ping("8 bytes!"));
    await peer.says("PING ACK 8 bytes!");
  }),
  goaways("GOAWAY of a client leaves its connection as it is", async (peer) => {
    peer.send(goaway(0, "NO_ERROR"));
    await peer.alive();
  }),
  windows("the connection's window may be opened", async (peer) => {
    peer.send(windowUpdate(0, 1), peer.get(1));
    await peer.answered(1);
  }),
  windows("the window of an open stream may be opened", async (peer) => {
    peer.send(peer.post(1), windowUpdate(1, 1), data(1, "", END));
    await peer.answered(1);
  }),

  ...[1, 3].map((frames) =>
    continuations(`a head in HEADERS and ${frames} CONTINUATION is joined`, async (peer) => {
      const bytes = peer.block();
      const cut = Math.floor(bytes.length / (frames + 1));
      peer.send(frame(FRAME.headers, FLAG.endStream, 1, bytes.subarray(0, cut)));
      for (let i = 1; i <= frames; i++) {
        const end = i === frames ? bytes.length : cut * (i + 1);
        const flags = i === frames ? FLAG.endHeaders : 0;
        peer.send(continuation(1, bytes.subarray(cut * i, end), flags));
      }
      await peer.answered(1);
    }),
  ),

  messages("GET is answered", async (peer) => {
    peer.send(peer.get(1));
    await peer.answered(1);
  }),
  messages("HEAD is answered without a body", async (peer) => {
    peer.send(headers(1, peer.request("HEAD")));
    await peer.says("HEADERS 1 200 END_STREAM");
  }),
  messages("POST is answered", async (peer) => {
    peer.send(peer.post(1), data(1, "body", END));
    await peer.answered(1);
  }),
  messages("POST with trailers is answered", async (peer) => {
    peer.send(peer.post(1), data(1, "body"), headers(1, [["x-sum", "4"]]));
    await peer.answered(1);
  }),
];
