// What a server can do to the proxy that calls it. Callers are answered for its faults; nobody else notices.
import {
  block,
  continuation,
  data,
  frame,
  goaway,
  headers,
  OPEN,
  ping,
  priority,
  type RawField,
  rstStream,
  settings,
  windowUpdate,
} from "#http/http2/testing/raw-frames.ts";
import { FRAME } from "#wire/http2/frame-header.ts";
import { type Answer, bounded, words } from "./attack.ts";
import type { ServeBadly } from "./hostile-upstream.ts";
import { times } from "./http2-lane.ts";

export interface UpstreamAttack {
  readonly name: string;
  readonly what: string;
  readonly speaks: "http1" | "http2";
  /** What the callers of the hostile server have to see. */
  readonly answer: Answer;
  /** What the proxy may hold for each caller; default 1 MiB. */
  readonly heldBytes?: number;
  /** Callers at a time. */
  readonly connections: number;
  /** Of what they send; default: GET, POST with a body. */
  readonly method?: "GET" | "HEAD" | "POST";
  readonly body?: "large";
  readonly serve: ServeBadly;
}

const BAD_GATEWAY = words("HTTP 502");
/** The answer had begun, or its head waited to be sent: it breaks off. */
const BROKEN = words("HTTP 200", "HTTP 502", "END");
const OK_ANSWER = words("HTTP 200");
const OK = "HTTP/1.1 200 OK\r\n";

type Entry = readonly [name: string, what: string, answer: Answer, serve: ServeBadly];

const http1: readonly Entry[] = [
  [
    "upstream-endless-head",
    "heads that never end",
    BAD_GATEWAY,
    (socket) => {
      socket.send(OK);
      socket.pour(`X-More: ${"x".repeat(1_000)}\r\n`);
    },
  ],
  [
    "upstream-big-head",
    "a head over the limit",
    BAD_GATEWAY,
    (socket) => socket.send(`${OK}X-Big: ${"x".repeat(62_000)}\r\nContent-Length: 0\r\n\r\n`),
  ],
  [
    "upstream-many-fields",
    "a head of too many fields",
    BAD_GATEWAY,
    (socket) => socket.send(`${OK}${"X-A: b\r\n".repeat(120)}Content-Length: 0\r\n\r\n`),
  ],
  [
    "upstream-1xx-flood",
    "1xx responses without end",
    BAD_GATEWAY,
    (socket) => socket.pour("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n".repeat(50)),
  ],
  [
    "upstream-two-framings",
    "both a length and chunks",
    BAD_GATEWAY,
    (socket) => socket.send(`${OK}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello`),
  ],
  [
    "upstream-bad-status",
    "a status line of its own",
    BAD_GATEWAY,
    (socket) => socket.send("HTTP/1.1 2000 Fine\r\nContent-Length: 0\r\n\r\n"),
  ],
  [
    "upstream-bad-field",
    "a field with a control character",
    BAD_GATEWAY,
    (socket) => socket.send(`${OK}X-A: a\rSmuggled: b\r\nContent-Length: 0\r\n\r\n`),
  ],
  [
    "upstream-switches",
    "101 that nobody asked for",
    BAD_GATEWAY,
    (socket) =>
      socket.send(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nbytes",
      ),
  ],
  [
    "upstream-resets",
    "a reset instead of an answer",
    words("HTTP 503", "HTTP 502"),
    (socket) => socket.reset(),
  ],
  [
    "upstream-resets-in-body",
    "a reset in the middle of a body",
    BROKEN,
    (socket) => {
      socket.send(`${OK}Content-Length: 100000\r\n\r\n${"x".repeat(5_000)}`);
      setTimeout(() => socket.reset(), 20);
    },
  ],
  [
    "upstream-bad-chunks",
    "chunks that are none",
    BROKEN,
    (socket) => socket.send(`${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\nhello\r\n`),
  ],
  [
    "upstream-chunk-extensions",
    "a chunk extension that never ends",
    BROKEN,
    (socket) => {
      socket.send(`${OK}Transfer-Encoding: chunked\r\n\r\n5;`);
      socket.pour("e".repeat(500));
    },
  ],
  [
    "upstream-endless-trailers",
    "trailers that never end",
    BROKEN,
    (socket) => {
      socket.send(`${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n`);
      socket.pour(`X-More: ${"x".repeat(1_000)}\r\n`);
    },
  ],
  [
    "upstream-too-long",
    "more than the length said",
    BROKEN,
    (socket) => socket.send(`${OK}Content-Length: 5\r\n\r\nhello, and more`),
  ],
  [
    "upstream-two-answers",
    "two answers to one request",
    BROKEN,
    (socket) =>
      socket.send(`${OK}Content-Length: 2\r\n\r\nok${OK}Content-Length: 8\r\n\r\nsmuggled`),
  ],
  [
    "upstream-body-on-204",
    "a body where there may be none",
    words("HTTP 204"),
    (socket) =>
      socket.send("HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
  ],
  [
    "upstream-body-on-304",
    "a body behind an answer without one",
    words("HTTP 304"),
    (socket) =>
      socket.send(
        "HTTP/1.1 304 Not Modified\r\nContent-Length: 38\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
      ),
  ],
  [
    "upstream-lengths-that-differ",
    "two lengths",
    BAD_GATEWAY,
    (socket) => socket.send(`${OK}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello`),
  ],
  [
    "upstream-unknown-coding",
    "a coding that nobody knows",
    BAD_GATEWAY,
    (socket) => socket.send(`${OK}Transfer-Encoding: xchunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`),
  ],
  [
    "upstream-folded-field",
    "a field over two lines",
    BAD_GATEWAY,
    (socket) => socket.send(`${OK}X-A: b\r\n Content-Length: 5\r\n\r\n`),
  ],
  [
    "upstream-forbidden-trailer",
    "a trailer that would frame what comes next",
    BROKEN,
    (socket) =>
      socket.send(`${OK}Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 5\r\n\r\n`),
  ],
  [
    "upstream-endless-body",
    "a body that never ends, at full speed",
    BROKEN,
    (socket) => {
      socket.send(`${OK}Transfer-Encoding: chunked\r\n\r\n`);
      socket.pour(`1000\r\n${"x".repeat(4_096)}\r\n`.repeat(8));
    },
  ],
  [
    "upstream-tiny-chunks",
    "a body in chunks of one byte that never ends, at full speed",
    BROKEN,
    (socket) => {
      socket.send(`${OK}Transfer-Encoding: chunked\r\n\r\n`);
      socket.pour("1\r\nx\r\n".repeat(5_000));
    },
  ],
  [
    "upstream-drips",
    "a head and a body of one byte every 100 ms",
    bounded,
    (socket) => {
      socket.send(`${OK}Content-Length: 10000\r\n\r\n`);
      socket.drip("x", 100);
    },
  ],
  ["upstream-silent", "no answer at all", bounded, () => undefined],
];

const head = (id: number, more: readonly RawField[] = [], flags = OPEN): Buffer =>
  headers(id, [[":status", "200"], ...more], flags);
const repeated = (make: () => Uint8Array): Buffer => times(200, make);

const http2: readonly Entry[] = [
  [
    "upstream-h2-continuations",
    "a header block that never ends",
    BAD_GATEWAY,
    (socket) => {
      socket.send(frame(FRAME.headers, 0, socket.streamId, block([[":status", "200"]])));
      socket.pour(repeated(() => continuation(socket.streamId, Buffer.of(0), 0)));
    },
  ],
  [
    "upstream-h2-big-head",
    "a head over the limit",
    BAD_GATEWAY,
    (socket) => {
      const big = block([["x-big", "x".repeat(16_000)]]);
      const id = socket.streamId;
      socket.send(frame(FRAME.headers, 0, id, block([[":status", "200"]])));
      socket.send(Buffer.concat([0, 0, 0, 4].map((flags) => continuation(id, big, flags))));
    },
  ],
  [
    "upstream-h2-bomb",
    "ten kilobytes of head that stand for forty megabytes",
    BAD_GATEWAY,
    (socket) => {
      const entry = block([["x-bomb", "x".repeat(4_000)]]);
      entry[0] = 0x40; // to be kept in the table
      const bomb = [block([[":status", "200"]]), entry, Buffer.alloc(10_000, 0x80 | 62)];
      socket.send(frame(FRAME.headers, OPEN, socket.streamId, Buffer.concat(bomb)));
    },
  ],
  [
    "upstream-h2-injection",
    "a field that would inject into HTTP/1",
    BAD_GATEWAY,
    (socket) => socket.send(head(socket.streamId, [["x-a", "a\r\nset-cookie: smuggled"]], 5)),
  ],
  [
    "upstream-h2-connection-field",
    "fields that belong to HTTP/1",
    BAD_GATEWAY,
    (socket) => socket.send(head(socket.streamId, [["transfer-encoding", "chunked"]], 5)),
  ],
  [
    "upstream-h2-data-first",
    "a body before its head",
    BAD_GATEWAY,
    (socket) => socket.send(data(socket.streamId, "hello", 1)),
  ],
  [
    "upstream-h2-push",
    "a promise that nobody allowed",
    BAD_GATEWAY,
    (socket) =>
      socket.send(frame(5, 4, socket.streamId, Buffer.concat([Buffer.of(0, 0, 0, 2), block([])]))),
  ],
  [
    "upstream-h2-large-frame",
    "frames larger than was announced",
    BAD_GATEWAY,
    (socket) => socket.send(frame(FRAME.headers, OPEN, socket.streamId, Buffer.alloc(50_000))),
  ],
  [
    "upstream-h2-1xx-flood",
    "1xx responses without end",
    BAD_GATEWAY,
    (socket) => socket.pour(repeated(() => headers(socket.streamId, [[":status", "103"]], OPEN))),
  ],
  [
    "upstream-h2-resets",
    "every stream reset",
    words("HTTP 503", "HTTP 502"),
    (socket) => socket.send(rstStream(socket.streamId, "INTERNAL_ERROR")),
  ],
  [
    "upstream-h2-refuses",
    "every stream refused",
    words("HTTP 503", "HTTP 502"),
    (socket) => socket.send(rstStream(socket.streamId, "REFUSED_STREAM")),
  ],
  [
    "upstream-h2-goes-away",
    "GOAWAY at every request",
    words("HTTP 503", "HTTP 502"),
    (socket) => {
      socket.send(goaway(0, "ENHANCE_YOUR_CALM"));
      socket.end();
    },
  ],
  [
    "upstream-h2-mismatch",
    "a body that disagrees with its length",
    BROKEN,
    (socket) =>
      socket.send(
        Buffer.concat([
          head(socket.streamId, [["content-length", "5"]]),
          data(socket.streamId, "0123456789", 1),
        ]),
      ),
  ],
  [
    "upstream-h2-ping-flood",
    "PING frames without end",
    bounded,
    (socket) => socket.pour(repeated(() => ping("12345678"))),
  ],
  [
    "upstream-h2-settings-flood",
    "SETTINGS frames whose answers are not read",
    words("HTTP 502", "HTTP 503"),
    (socket) => {
      socket.stopReading();
      socket.pour(repeated(() => settings()));
    },
  ],
  [
    "upstream-h2-priority-flood",
    "PRIORITY frames without end",
    words("HTTP 502", "HTTP 503"),
    (socket) => socket.pour(repeated(() => priority(1, 3))),
  ],
  [
    "upstream-h2-window-updates",
    "WINDOW_UPDATE frames without end",
    words("HTTP 502", "HTTP 503"),
    (socket) => socket.pour(repeated(() => windowUpdate(0, 1))),
  ],
  [
    "upstream-h2-empty-data",
    "DATA frames with nothing in them",
    BROKEN,
    (socket) => {
      socket.send(head(socket.streamId));
      socket.pour(repeated(() => data(socket.streamId, "")));
    },
  ],
  [
    "upstream-h2-over-window",
    "more data than the windows allow",
    BROKEN,
    (socket) => {
      socket.send(head(socket.streamId));
      socket.pour(data(socket.streamId, "x".repeat(16_384)));
    },
  ],
  [
    "upstream-h2-empty-headers",
    "HEADERS and CONTINUATION frames with nothing in them",
    BAD_GATEWAY,
    (socket) => {
      socket.send(frame(FRAME.headers, 0, socket.streamId, Buffer.alloc(0)));
      socket.pour(repeated(() => continuation(socket.streamId, Buffer.alloc(0), 0)));
    },
  ],
  [
    "upstream-h2-tiny-data",
    "a body in DATA frames of one byte",
    BROKEN,
    (socket) => {
      socket.send(head(socket.streamId));
      socket.pour(repeated(() => data(socket.streamId, "x")));
    },
  ],
  [
    "upstream-h2-ping-flood-unread",
    "PING frames whose answers are not read",
    words("HTTP 502", "HTTP 503"),
    (socket) => {
      socket.stopReading();
      socket.pour(repeated(() => ping("12345678")));
    },
  ],
  [
    "upstream-h2-unknown-frames",
    "frames of types that do not exist",
    bounded,
    (socket) => socket.pour(repeated(() => frame(200, 0, 0, Buffer.alloc(64)))),
  ],
  [
    "upstream-h2-malformed-heads",
    "a head with a pseudo-field of requests",
    BAD_GATEWAY,
    (socket) => socket.send(head(socket.streamId, [[":path", "/"]], 5)),
  ],
  [
    "upstream-h2-open-trailers",
    "trailers that do not end their stream",
    BROKEN,
    (socket) =>
      socket.send(
        Buffer.concat([head(socket.streamId), headers(socket.streamId, [["x-sum", "1"]], OPEN)]),
      ),
  ],
  [
    "upstream-h2-pseudo-trailers",
    "trailers with a pseudo-field",
    BROKEN,
    (socket) => socket.send(Buffer.concat([head(socket.streamId), head(socket.streamId, [], 5)])),
  ],
  [
    "upstream-h2-small-bombs",
    "heads of twenty octets that stand for more than a head may have",
    BAD_GATEWAY,
    (socket) => {
      const entry = block([["x-bomb", "x".repeat(4_000)]]);
      entry[0] = 0x40; // to be kept in the table
      const references = Buffer.alloc(16, 0x80 | 62);
      const bomb = [block([[":status", "200"]]), entry, references];
      socket.send(frame(FRAME.headers, 5, socket.streamId, Buffer.concat(bomb)));
    },
  ],
  ["upstream-h2-silent", "no answer at all", bounded, () => undefined],
  [
    "upstream-h2-drips",
    "a body of one byte every 100 ms",
    bounded,
    (socket) => {
      socket.send(head(socket.streamId));
      socket.drip(data(socket.streamId, "x"), 100);
    },
  ],
];

const entries = (speaks: "http1" | "http2", list: readonly Entry[]): readonly UpstreamAttack[] =>
  list.map(([name, what, answer, serve]) => ({
    name,
    what,
    answer,
    serve,
    speaks,
    connections: 4,
  }));

export const upstreamAttacks: readonly UpstreamAttack[] = [
  ...entries("http1", http1),
  {
    ...{ name: "upstream-unread", what: "a server that reads nothing of large bodies" },
    ...{ speaks: "http1", answer: words("HTTP 503", "HTTP 502", "HTTP 504"), connections: 4 },
    body: "large",
    serve: (socket) => socket.stopReading(),
  },
  {
    ...{
      name: "upstream-early-answer",
      what: "an answer in the middle of a body, and no more reading",
    },
    ...{ speaks: "http1", answer: BROKEN, connections: 4 },
    body: "large",
    serve: (socket) => {
      socket.stopReading();
      socket.send(`${OK}Content-Length: 2\r\n\r\nok`);
    },
  },
  {
    ...{ name: "upstream-body-on-head", what: "a body in answer to HEAD" },
    ...{ speaks: "http1", answer: OK_ANSWER, connections: 4, method: "HEAD" },
    serve: (socket) =>
      socket.send(`${OK}Content-Length: 38\r\n\r\nHTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n`),
  },
  ...entries("http2", http2),
  {
    ...{ name: "upstream-h2-shut-window", what: "a window for large bodies that stays shut" },
    ...{ speaks: "http2", answer: words("HTTP 503", "HTTP 502", "HTTP 504"), connections: 4 },
    body: "large",
    serve: (socket) => socket.send(settings([[4, 0]])),
  },
];
