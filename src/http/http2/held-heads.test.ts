// What a connection may hold of the heads of its requests: a few octets may stand for a large one (RFC 7541 §2.3.2).
import { describe, expect, test } from "bun:test";
import { turn } from "#net/flush-turn.ts";
import { FRAME } from "#wire/http2/frame-header.ts";
import { http2EchoServer } from "./testing/http2-echo-server.ts";
import {
  block,
  data,
  END,
  frame,
  headers,
  OPEN,
  REQUEST,
  request,
  rstStream,
} from "./testing/raw-frames.ts";
import { ScriptedPeer } from "./testing/scripted-peer.ts";

/** A literal of 1,000 bytes that the table keeps, and a reference to it. */
const entry = block([["x-large", "x".repeat(993)]]);
entry[0] = 0x40;
const reference = Buffer.of(0x80 | 62);

const head = (id: number, ...more: readonly Buffer[]): Buffer =>
  frame(FRAME.headers, OPEN, id, Buffer.concat([block(request("POST")), ...more]));

describe("heads of requests under way", () => {
  test("past their limit are refused and never seen, until some are over", async () => {
    await using server = await http2EchoServer({ heldHeadBytes: 2_500 });
    const peer = await ScriptedPeer.connect(server.port);
    peer.send(head(1, entry), head(3, reference), head(5, reference), head(7, reference));
    await peer.expect("RST_STREAM 7 REFUSED_STREAM");
    expect(server.seen).toHaveLength(3);
    peer.send(rstStream(1, "CANCEL"), data(3, "", END));
    await peer.until("DATA 3 END_STREAM");
    peer.send(head(9, reference), data(9, "", END));
    await peer.until("DATA 9 END_STREAM");
    expect(server.seen.at(-1)?.head.field("x-large")).toHaveLength(993);
  });

  test("may each be as large as heads may be", async () => {
    await using server = await http2EchoServer({ heldHeadBytes: 1 });
    const peer = await ScriptedPeer.connect(server.port);
    for (const id of [1, 3]) {
      peer.send(headers(id, request("GET", "/", [["x-large", "x".repeat(16_000)]])));
      await peer.until(`DATA ${id} END_STREAM`);
    }
  });

  test("that are refused leave the tables as they have to be", async () => {
    await using server = await http2EchoServer({ maxConcurrentStreams: 1 });
    const peer = await ScriptedPeer.connect(server.port);
    peer.send(head(1), head(3, entry));
    await peer.expect("RST_STREAM 3 REFUSED_STREAM");
    peer.send(data(1, "", END));
    await peer.until("DATA 1 END_STREAM");
    peer.send(head(5, reference), data(5, "", END));
    await peer.until("DATA 5 END_STREAM");
    expect(server.seen.at(-1)?.head.field("x-large")).toHaveLength(993);
  });
});

test("a large head counts as several of the requests that are begun in a turn", async () => {
  const begun = new Map<number, number>();
  await using server = await http2EchoServer({ heldHeadBytes: 2 ** 30 }, undefined, () =>
    begun.set(turn.number, (begun.get(turn.number) ?? 0) + 1),
  );
  const peer = await ScriptedPeer.connect(server.port);
  await peer.settled();
  const many = Array.from({ length: 32 }, () => reference);
  peer.send(headers(1, REQUEST), head(3, entry));
  for (let id = 5; id < 45; id += 2) peer.send(head(id, ...many), data(id, "", END));
  await peer.until("DATA 43 END_STREAM");
  // Of 32 KiB each, they count as eight; the first two are small.
  expect(Math.max(...begun.values())).toBeLessThanOrEqual(5);
  expect(server.seen).toHaveLength(22);
});
