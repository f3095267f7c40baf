// Frames without end: what a peer may make a proxy do beyond carrying requests.
import {
  block,
  continuation,
  data,
  frame,
  headers,
  OPEN,
  ping,
  priority,
  REQUEST,
  request,
  rstStream,
  settings,
  windowUpdate,
} from "#http/http2/testing/raw-frames.ts";
import { FRAME } from "#wire/http2/frame-header.ts";
import { type Attack, bounded, words } from "./attack.ts";
import { endless, flood, hello, http2Attack, INITIAL_WINDOW, times } from "./http2-lane.ts";

const CALM = words("GOAWAY ENHANCE_YOUR_CALM", "END");
const BATCH = 200;
const path = (name: string) => request("GET", `/attack/${name}`);

/** Client streams, numbered on. */
function* streams(make: (id: number) => Uint8Array, from = 1): Generator<Buffer> {
  for (let id = from; id < 2 ** 30; id += 2 * BATCH)
    yield times(BATCH, (index) => make(id + 2 * index));
}

export const http2Floods: readonly Attack[] = [
  http2Attack({
    name: "rapid-reset",
    what: "requests that are reset at once",
    answer: CALM,
    run: async (lane) =>
      flood(
        lane,
        await hello(lane),
        streams((id) => Buffer.concat([headers(id, path("reset")), rstStream(id, "CANCEL")])),
      ),
  }),
  http2Attack({
    name: "provoked-resets",
    what: "requests that the server is made to reset, by a WINDOW_UPDATE of zero",
    answer: CALM,
    run: async (lane) =>
      flood(
        lane,
        await hello(lane),
        streams((id) => Buffer.concat([headers(id, path("provoked")), windowUpdate(id, 0)])),
      ),
  }),
  http2Attack({
    name: "continuation-flood",
    what: "a header block that CONTINUATION frames never end",
    answer: CALM,
    run: async (lane) => {
      const socket = await hello(lane);
      await socket.send(frame(FRAME.headers, 0, 1, block(REQUEST)));
      await flood(lane, socket, endless(times(BATCH, () => continuation(1, Buffer.of(0), 0))));
    },
  }),
  http2Attack({
    name: "empty-headers",
    what: "HEADERS and CONTINUATION frames with nothing in them",
    answer: CALM,
    run: async (lane) => {
      const socket = await hello(lane);
      const empty = Buffer.alloc(0);
      await socket.send(frame(FRAME.headers, 0, 1, empty));
      await flood(lane, socket, endless(times(BATCH, () => continuation(1, empty, 0))));
    },
  }),
  http2Attack({
    name: "empty-data",
    what: "DATA frames with nothing in them",
    answer: CALM,
    run: async (lane) => {
      const socket = await hello(lane);
      await socket.send(headers(1, request("POST", "/attack/empty-data"), OPEN));
      await flood(lane, socket, endless(times(BATCH, () => data(1, ""))));
    },
  }),
  http2Attack({
    name: "tiny-data",
    what: "bodies in DATA frames of one byte",
    answer: bounded,
    run: async (lane) => {
      const socket = await hello(lane);
      const posts = streams((id) => headers(id, request("POST", "/sink"), OPEN)).next().value;
      await socket.send(posts as Buffer);
      function* drops(): Generator<Buffer> {
        for (let turn = 0; ; turn++)
          yield times(BATCH, (index) => data(1 + 2 * ((turn * BATCH + index) % 90), "x"));
      }
      await flood(lane, socket, drops());
    },
  }),
  http2Attack({
    name: "ping-flood",
    what: "PING frames whose answers are read",
    answer: bounded,
    run: async (lane) =>
      flood(lane, await hello(lane), endless(times(BATCH, () => ping("12345678")))),
  }),
  ...(["ping", "settings"] as const).map((kind) =>
    http2Attack({
      name: `${kind}-flood-unread`,
      what: `${kind.toUpperCase()} frames whose answers are not read`,
      answer: words("END"),
      run: async (lane) => {
        const socket = await hello(lane);
        socket.stopReading();
        const piece = times(BATCH, () => (kind === "ping" ? ping("12345678") : settings()));
        await flood(lane, socket, endless(piece));
      },
    }),
  ),
  http2Attack({
    name: "settings-flood",
    what: "SETTINGS frames whose answers are read",
    answer: bounded,
    run: async (lane) => flood(lane, await hello(lane), endless(times(BATCH, () => settings()))),
  }),
  http2Attack({
    name: "priority-flood",
    what: "PRIORITY frames",
    answer: CALM,
    run: async (lane) =>
      flood(lane, await hello(lane), endless(times(BATCH, () => priority(1, 3)))),
  }),
  http2Attack({
    name: "window-update-flood",
    what: "WINDOW_UPDATE frames that nothing asked for",
    answer: CALM,
    run: async (lane) =>
      flood(lane, await hello(lane), endless(times(BATCH, () => windowUpdate(0, 1)))),
  }),
  http2Attack({
    name: "window-drip",
    what: "answers taken by one byte of window at a time",
    answer: CALM,
    run: async (lane) => {
      const socket = await hello(lane, [[INITIAL_WINDOW, 0]]);
      await socket.send(times(20, (index) => headers(1 + 2 * index, request("GET", "/big"))));
      function* drops(): Generator<Buffer> {
        for (;;) yield times(20, (index) => windowUpdate(1 + 2 * index, 1));
      }
      await flood(lane, socket, drops());
    },
  }),
  http2Attack({
    name: "unknown-frames",
    what: "frames of types that do not exist",
    answer: bounded,
    run: async (lane) =>
      flood(
        lane,
        await hello(lane),
        endless(times(BATCH, () => frame(200, 0, 0, Buffer.alloc(64)))),
      ),
  }),
  http2Attack({
    name: "request-flood",
    what: "valid requests without a pause, a hundred streams at a time",
    answer: bounded,
    connections: 2,
    run: async (lane) => {
      const socket = await hello(lane);
      for (const piece of streams((id) => headers(id, path("flood")))) {
        // Half of it, so that only some are beyond the limit of streams.
        if (lane.isOver() || !(await socket.send(piece.subarray(0, piece.length / 4)))) break;
        await Promise.race([new Promise((resolve) => setTimeout(resolve, 5)), socket.closed]);
      }
    },
  }),
];
