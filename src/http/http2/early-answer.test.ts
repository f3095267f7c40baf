import { describe, expect, test } from "bun:test";
import type { Seen } from "../testing/echo-server.ts";
import { http2EchoServer } from "./testing/http2-echo-server.ts";
import { data, END, headers, OPEN, REQUEST, request } from "./testing/raw-frames.ts";
import { ScriptedPeer } from "./testing/scripted-peer.ts";

/** An answer that does not wait for the request. */
const refuse = ({ exchange }: Seen): void =>
  exchange.reply({ status: 403, fields: [], body: "no" });

describe("an answer", () => {
  test("before the end of the request tells the client not to send the rest", async () => {
    await using server = await http2EchoServer({ earlyAnswerMs: 20 }, undefined, refuse);
    const peer = await ScriptedPeer.connect(server.port);
    peer.send(headers(1, request("POST"), OPEN));
    await peer.expect("HEADERS 1 403", 'DATA 1 END_STREAM "no"', "RST_STREAM 1 NO_ERROR");
    peer.send(data(1, "late"), headers(3, REQUEST));
    await peer.expect("HEADERS 3 403");
  });

  test("before the end of the request leaves the client a moment to end it, and opens no window for more", async () => {
    await using server = await http2EchoServer({ streamWindowBytes: 1_000 }, undefined, refuse);
    const peer = await ScriptedPeer.connect(server.port);
    peer.send(headers(1, request("POST"), OPEN));
    await peer.expect("HEADERS 1 403", 'DATA 1 END_STREAM "no"');
    peer.send(data(1, "x".repeat(900)), data(1, "the end", END));
    await peer.settled();
    expect(peer.words.filter((word) => /^(RST_STREAM|WINDOW_UPDATE 1 )/.test(word))).toEqual([]);
    for (const { isIdle } of server.connections) expect(isIdle).toBe(true);
  });

  test("to a request that was held back lets go of what was held", async () => {
    await using server = await http2EchoServer({}, undefined, (seen) => {
      seen.exchange.pauseRequest();
      queueMicrotask(() => refuse(seen));
    });
    const peer = await ScriptedPeer.connect(server.port);
    peer.send(headers(1, request("POST"), OPEN), data(1, "held"), data(1, "", END));
    await peer.expect("HEADERS 1 403", 'DATA 1 END_STREAM "no"');
    await peer.settled();
    for (const { isIdle } of server.connections) expect(isIdle).toBe(true);
  });
});
