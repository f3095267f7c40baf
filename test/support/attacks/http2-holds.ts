// Connections and streams that are opened and held, and messages that are not well-formed.
import {
  block,
  continuation,
  data,
  frame,
  headers,
  OPEN,
  type RawField,
  REQUEST,
  request,
  windowUpdate,
} from "#http/http2/testing/raw-frames.ts";
import { FRAME } from "#wire/http2/frame-header.ts";
import { type Attack, bounded, words } from "./attack.ts";
import {
  endless,
  flood,
  hello,
  http2Attack,
  INITIAL_WINDOW,
  times,
  unreadFlood,
  untilClosed,
} from "./http2-lane.ts";

/** Of each answer, what was read before its stream turned out to be stuck: the window of a stream is the client's to give. */
const A_READ_PER_STREAM = 100 * 512 * 1024;

const many = (count: number, make: (id: number) => Uint8Array): Buffer =>
  times(count, (index) => make(1 + 2 * index));

/** Heads that are malformed: each is reset, none is seen upstream. */
const malformed: readonly (readonly RawField[])[] = [
  [...REQUEST, ["Upper", "x"]],
  [...REQUEST, ["connection", "close"]],
  [...REQUEST, ["transfer-encoding", "chunked"]],
  [...REQUEST, ["keep-alive", "x"]],
  [...REQUEST, ["te", "gzip"]],
  [...REQUEST, ["x-a", "a\r\nHost: smuggled"]],
  [...REQUEST, ["x-a", "a\nx: smuggled"]],
  [...REQUEST, ["x-a", "a\0"]],
  [...REQUEST, ["x a", "b"]],
  [...REQUEST, ["x-a: b\r\nsmuggled", "c"]],
  [...REQUEST, ["", "c"]],
  [...REQUEST, [":path", "/again"]],
  [...REQUEST, [":unknown", "x"]],
  [...REQUEST, ["host", "another"]],
  [["x-first", "1"], ...REQUEST],
  [...REQUEST, ["content-length", "+5"]],
  [...REQUEST, ["content-length", "1"], ["content-length", "2"]],
  request("GET", "/ HTTP/1.1\r\nHost: smuggled"),
  request("GET", "/\r\n\r\nGET /smuggled HTTP/1.1"),
  request("GET", ""),
  request("GET /smuggled HTTP/1.1\r\n", "/"),
  [...REQUEST, [":protocol", "websocket"]],
  [
    [":method", "CONNECT"],
    [":protocol", "h2c"],
    [":scheme", "http"],
    [":path", "/"],
    [":authority", "a"],
  ],
  REQUEST.slice(0, 2),
];

export const http2Holds: readonly Attack[] = [
  http2Attack({
    name: "many-crumbs",
    what: "cookies in more crumbs than a head may have fields",
    answer: words("HTTP 431"),
    run: async (lane) => {
      const socket = await hello(lane);
      const crumbs = Array.from({ length: 120 }, (_, index): RawField => ["cookie", `c${index}=1`]);
      function* heads() {
        for (let id = 1; id < 2_000; id += 2) yield headers(id, [...REQUEST, ...crumbs]);
      }
      await flood(lane, socket, heads());
    },
  }),
  http2Attack({
    name: "dropped-fields",
    what: "more fields than a head may have, of those that are not passed on",
    answer: words("HTTP 431"),
    run: async (lane) => {
      const socket = await hello(lane);
      const dropped = times(120, () => block([["x-forwarded-client-cert", "By=spiffe://x"]]));
      function* heads() {
        for (let id = 1; id < 2_000; id += 2)
          yield frame(FRAME.headers, 5, id, Buffer.concat([block(REQUEST), dropped]));
      }
      await flood(lane, socket, heads());
    },
  }),
  http2Attack({
    name: "large-header-blocks",
    what: "header blocks larger than any head may be",
    answer: words("GOAWAY ENHANCE_YOUR_CALM", "END"),
    run: async (lane) => {
      const socket = await hello(lane);
      const large = block([["x-large", "x".repeat(16_000)]]);
      await socket.send(
        headers(1, REQUEST, 1),
        ...[0, 0, 0, 0, 4].map((f) => continuation(1, large, f)),
      );
      await untilClosed(lane, socket);
    },
  }),
  http2Attack({
    name: "malformed-heads",
    what: "heads that would inject into HTTP/1, or are not well-formed otherwise",
    answer: words("RST_STREAM PROTOCOL_ERROR"),
    run: async (lane) => {
      const socket = await hello(lane);
      const pieces = malformed.map((fields, index) => headers(1 + 2 * index, fields));
      await socket.send(...pieces);
      const id = 1 + 2 * malformed.length;
      const post = (length: number) =>
        request("POST", "/attack/length", [["content-length", `${length}`]]);
      await socket.send(headers(id, post(5), OPEN), data(id, "0123456789", 1));
      await socket.send(headers(id + 2, post(5), OPEN), data(id + 2, "01", 1));
      await socket.send(headers(id + 4, post(5), OPEN), headers(id + 4, [["x-late", "1"]], OPEN));
      await socket.send(headers(id + 6, post(5), OPEN), headers(id + 6, [[":path", "/"]], 5));
      await untilClosed(lane, socket);
    },
  }),
  http2Attack({
    name: "early-websocket-bytes",
    what: "WebSockets that nobody agrees to, with bytes for them that go on for ever",
    answer: words(
      "HTTP 502",
      "RST_STREAM FLOW_CONTROL_ERROR",
      "GOAWAY FLOW_CONTROL_ERROR",
      "RST_STREAM NO_ERROR",
    ),
    run: async (lane) => {
      const socket = await hello(lane);
      await socket.send(
        many(100, (id) =>
          headers(id, [[":protocol", "websocket"], ...request("CONNECT", "/attack")], OPEN),
        ),
      );
      await flood(lane, socket, endless(many(100, (id) => data(id, "x".repeat(1_000)))));
    },
  }),
  http2Attack({
    name: "streams-past-limit",
    what: "twice as many open streams as are allowed",
    answer: words("RST_STREAM REFUSED_STREAM"),
    run: async (lane) => {
      const socket = await hello(lane);
      const post = request("POST", "/sink");
      await socket.send(many(200, (id) => headers(id, post, OPEN)));
      await untilClosed(lane, socket);
    },
  }),
  http2Attack({
    name: "shut-windows",
    what: "a hundred large answers on streams whose windows stay shut",
    answer: words("RST_STREAM CANCEL"),
    heldBytes: A_READ_PER_STREAM,
    run: async (lane) => {
      const socket = await hello(lane, [[INITIAL_WINDOW, 0]]);
      await socket.send(many(100, (id) => headers(id, request("GET", "/big"))));
      await untilClosed(lane, socket);
    },
  }),
  http2Attack({
    name: "unread-answers",
    what: "large answers with windows wide open, of which nothing is read",
    answer: words("END", "RST_STREAM CANCEL", "RST_STREAM ENHANCE_YOUR_CALM"),
    heldBytes: A_READ_PER_STREAM,
    run: async (lane) => {
      const socket = await hello(lane, [[INITIAL_WINDOW, 2 ** 31 - 1]]);
      await socket.send(windowUpdate(0, 2 ** 31 - 1 - 65_535));
      await unreadFlood(lane, socket, [many(90, (id) => headers(id, request("GET", "/big")))]);
    },
  }),
  http2Attack({
    name: "stalled-uploads",
    what: "bodies that are begun on a hundred streams, and never ended",
    answer: bounded,
    run: async (lane) => {
      const socket = await hello(lane);
      const post = request("POST", "/sink");
      await socket.send(
        many(100, (id) => Buffer.concat([headers(id, post, OPEN), data(id, "x".repeat(600))])),
      );
      await untilClosed(lane, socket);
    },
  }),
  http2Attack({
    name: "preface-then-silence",
    what: "a preface, and nothing after it",
    answer: words("GOAWAY PROTOCOL_ERROR"),
    connections: 16,
    run: async (lane) => {
      const socket = await lane.open();
      await socket.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
      await untilClosed(lane, socket);
    },
  }),
  http2Attack({
    name: "slow-header-block",
    what: "a header block that is begun and not ended",
    answer: words("GOAWAY CANCEL"),
    connections: 16,
    run: async (lane) => {
      const socket = await hello(lane);
      await socket.send(headers(1, REQUEST, 0));
      await untilClosed(lane, socket);
    },
  }),
  http2Attack({
    name: "large-frames",
    what: "frames that are larger than was announced",
    answer: words("GOAWAY FRAME_SIZE_ERROR"),
    run: async (lane) => {
      const socket = await hello(lane);
      await socket.send(headers(1, request("POST", "/sink"), OPEN));
      await flood(lane, socket, [data(1, "x".repeat(100_000))]);
    },
  }),
];
