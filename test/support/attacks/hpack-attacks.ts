// Few octets that stand for large heads: references to an entry that the table keeps (RFC 7541 §2.3.2).
import { block, frame, OPEN, REQUEST, request } from "#http/http2/testing/raw-frames.ts";
import { FRAME } from "#wire/http2/frame-header.ts";
import { type Attack, bounded, type Lane, words } from "./attack.ts";
import type { AttackSocket } from "./attack-socket.ts";
import { flood, hello, http2Attack, times, untilClosed } from "./http2-lane.ts";

const BATCH = 200;
const END = 5;
/** As large as the usual table holds. */
const ENTRY_BYTES = 4_000;
/** A head of these is just below the limit, and one more is above it. */
const FULL = 14;
/** GET and POST of HTTP/1 as the static table has them: `:method`, `:scheme`, `:path` of one octet, `:authority` of three. */
const GET = Buffer.of(0x82, 0x86, 0x84, 0x01, 1, 97);
const POST = block(request("POST", "/sink"));

/** To the entry that was put into the table last. */
const references = (count: number): Buffer => Buffer.alloc(count, 0x80 | 62);

/** A literal that the table keeps. */
function entry(bytes = ENTRY_BYTES): Buffer {
  const literal = block([["x-bomb", "x".repeat(bytes)]]);
  literal[0] = 0x40;
  return literal;
}

/** A connection whose table has the entry. */
async function primed(lane: Lane): Promise<AttackSocket> {
  const socket = await hello(lane);
  await socket.send(frame(FRAME.headers, END, 1, Buffer.concat([block(REQUEST), entry()])));
  return socket;
}

/** Requests without end, each a few octets. */
function* requests(payload: Uint8Array): Generator<Buffer> {
  for (let id = 3; id < 2 ** 30; id += 2 * BATCH)
    yield times(BATCH, (index) => frame(FRAME.headers, END, id + 2 * index, payload));
}

export const hpackAttacks: readonly Attack[] = [
  http2Attack({
    name: "hpack-bomb",
    what: "ten kilobytes of head that stand for forty megabytes",
    answer: words("HTTP 431"),
    run: async (lane) => {
      const socket = await primed(lane);
      function* more() {
        for (let id = 3; id < 2_000; id += 2)
          yield frame(FRAME.headers, END, id, references(10_000));
      }
      await flood(lane, socket, more());
    },
  }),
  http2Attack({
    name: "hpack-small-bombs",
    what: "heads of twenty octets that stand for more than a head may have",
    answer: words("HTTP 431", "END"),
    run: async (lane) =>
      flood(lane, await primed(lane), requests(Buffer.concat([GET, references(FULL + 2)]))),
  }),
  http2Attack({
    name: "hpack-full-heads",
    what: "requests of twenty octets that stand for as much as a head may have",
    answer: bounded,
    connections: 2,
    run: async (lane) =>
      flood(lane, await primed(lane), requests(Buffer.concat([GET, references(FULL)]))),
  }),
  http2Attack({
    name: "hpack-held-heads",
    what: "the same on as many streams as are allowed, which are begun and never ended",
    answer: words("RST_STREAM REFUSED_STREAM"),
    connections: 16,
    run: async (lane) => {
      const socket = await primed(lane);
      const held = Buffer.concat([POST, references(FULL)]);
      await socket.send(times(99, (index) => frame(FRAME.headers, OPEN, 3 + 2 * index, held)));
      await untilClosed(lane, socket);
    },
  }),
  http2Attack({
    name: "hpack-long-names",
    what: "fields of three octets whose names are as long as the table holds",
    answer: words("GOAWAY ENHANCE_YOUR_CALM", "HTTP 431", "END"),
    run: async (lane) => {
      const socket = await hello(lane);
      const literal = block([["x".repeat(ENTRY_BYTES), "x"]]);
      literal[0] = 0x40;
      await socket.send(frame(FRAME.headers, END, 1, Buffer.concat([block(REQUEST), literal])));
      // Its name, and an empty value; put into the table again, where it takes the place of the last.
      const again = times(3_000, () => Buffer.of(0x7e, 0));
      await flood(lane, socket, [frame(FRAME.headers, END, 3, Buffer.concat([GET, again]))]);
    },
  }),
];
