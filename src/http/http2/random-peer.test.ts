/** Whatever a peer sends, however it is cut: no error but those of the protocol, and nothing is left behind. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { connect } from "#net/connect.ts";
import { localRequestHead } from "#wire/http1/local-head.ts";
import { eventually } from "../../../test/support/eventually.ts";
import { http2Client } from "./client-connection.ts";
import { BufferBudget } from "./limits/buffer-budget.ts";
import { ClientStory, OwnerStory } from "./testing/client-story.ts";
import { http2EchoServer } from "./testing/http2-echo-server.ts";
import {
  block,
  continuation,
  data,
  frame,
  goaway,
  headers,
  ping,
  priority,
  REQUEST,
  request,
  rstStream,
  settings,
  windowUpdate,
} from "./testing/raw-frames.ts";
import { ScriptedPeer, scriptedServer } from "./testing/scripted-peer.ts";

const id = fc.constantFrom(0, 1, 2, 3, 5, 7, 9, 11, 101);
const flags = fc.constantFrom(0, 1, 4, 5, 8, 9, 0x20, 0x2d);
const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
const OK = [[":status", "200"]] as const;

/** Mostly sense, with noise in between. */
const anyFrame = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(id, flags).map(([i, f]) => headers(i, request("POST"), f)) },
  { weight: 4, arbitrary: fc.tuple(id, flags).map(([i, f]) => headers(i, OK, f)) },
  { weight: 2, arbitrary: id.map((i) => headers(i, REQUEST)) },
  { weight: 2, arbitrary: id.map((i) => headers(i, [["x-trailer", "1"]])) },
  { weight: 4, arbitrary: fc.tuple(id, bytes, flags).map(([i, b, f]) => data(i, b, f)) },
  { weight: 2, arbitrary: id.map((i) => rstStream(i, "CANCEL")) },
  { weight: 2, arbitrary: fc.tuple(id, fc.nat(70_000)).map(([i, n]) => windowUpdate(i, n)) },
  fc.tuple(fc.nat(9), fc.nat(70_000)).map(([setting, value]) => settings([[setting, value]])),
  fc.tuple(id, id).map(([a, b]) => priority(a, b)),
  fc.constantFrom(
    ping("12345678"),
    ping("12345678", true),
    goaway(3, "NO_ERROR"),
    goaway(0, "CANCEL"),
  ),
  fc.tuple(id, bytes, flags).map(([i, b, f]) => continuation(i, b, f)),
  fc.tuple(fc.nat(12), flags, id, bytes).map(([t, f, i, b]) => frame(t, f, i, b)),
  fc.tuple(id, flags).map(([i, f]) => frame(1, f & ~4, i, block(REQUEST).subarray(0, 20))),
);
const frames = fc.array(anyFrame, { minLength: 1, maxLength: 25 });
const pieceBytes = fc.constantFrom(1, 7, 50, 100_000);

function inPieces(input: Buffer, size: number): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < input.length; at += size) pieces.push(input.subarray(at, at + size));
  return pieces;
}

describe("a random peer", () => {
  test("as a client leaves no exchange without its end, and no buffer", async () => {
    const budget = new BufferBudget(1_000_000);
    await using server = await http2EchoServer({ budget });
    await fc.assert(
      fc.asyncProperty(frames, pieceBytes, async (sent, size) => {
        const peer = await ScriptedPeer.connect(server.port);
        for (const piece of inPieces(Buffer.concat(sent), size)) {
          peer.send(piece);
          peer.transport.flush();
        }
        peer.transport.end();
        await eventually(() => server.connections.size === 0, { everyMs: 1 });
        for (const seen of server.seen) expect(seen.end).not.toBeUndefined();
        expect(budget.usedBytes).toBe(0);
      }),
      { numRuns: 150 },
    );
  }, 60_000);

  test("as a server ends every request once, one way or the other", async () => {
    await using server = await scriptedServer();
    const head = localRequestHead({
      method: "POST",
      target: "/",
      fields: [
        ["Host", "a"],
        ["Transfer-Encoding", "chunked"],
      ],
    });
    await fc.assert(
      fc.asyncProperty(frames, pieceBytes, async (sent, size) => {
        const transport = await connect({ address: { host: "127.0.0.1", port: server.port } });
        const budget = new BufferBudget(1_000_000);
        const owner = new OwnerStory();
        const connection = http2Client(transport, owner, { budget });
        const stories = [1, 2, 3].map(() => {
          const story = new ClientStory();
          const exchange = connection.send(head, undefined, story);
          exchange.write(Buffer.from("body"));
          exchange.end();
          return story;
        });
        const peer = await server.peer();
        for (const piece of inPieces(Buffer.concat(sent), size)) {
          peer.send(piece);
          peer.transport.flush();
        }
        peer.transport.end();
        for (const story of stories) {
          await story.over;
          expect(story.words.filter((word) => word === "end" || word === "error")).toHaveLength(1);
        }
        await owner.retired;
        expect(connection.available).toBe(0);
        expect(budget.usedBytes).toBe(0);
      }),
      { numRuns: 150 },
    );
  }, 60_000);
});
