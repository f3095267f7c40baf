import { describe, test } from "bun:test";
import { eventually } from "../../../test/support/eventually.ts";
import type { Seen } from "../testing/echo-server.ts";
import { http2EchoServer } from "./testing/http2-echo-server.ts";
import { headers, ping, REQUEST } from "./testing/raw-frames.ts";
import { ScriptedPeer } from "./testing/scripted-peer.ts";

describe("an orderly end", () => {
  test("has two steps with a PING between, and refuses only what comes after the second", async () => {
    const held: Seen[] = [];
    await using server = await http2EchoServer({}, (seen) => void held.push(seen));
    const peer = await ScriptedPeer.connect(server.port);
    peer.send(headers(1, REQUEST));
    await eventually(() => held.length === 1);
    for (const connection of server.connections) connection.drain();
    await peer.expect("GOAWAY 2147483647 NO_ERROR", "PING weft-end");
    // On its way before the client had seen the first step.
    peer.send(headers(3, REQUEST), ping("weft-end", true));
    await peer.expect("GOAWAY 3 NO_ERROR");
    peer.send(headers(5, REQUEST));
    await peer.expect("RST_STREAM 5 REFUSED_STREAM");
    for (const { exchange } of held) exchange.reply({ status: 200, fields: [], body: "" });
    await peer.expect("HEADERS 1 200 END_STREAM", "HEADERS 3 200 END_STREAM", "FIN");
  });

  test("does not wait for ever for the answer to its PING", async () => {
    await using server = await http2EchoServer({ drainPingMs: 20 });
    const peer = await ScriptedPeer.connect(server.port);
    await peer.settled();
    for (const connection of server.connections) connection.drain();
    await peer.expect("GOAWAY 2147483647 NO_ERROR", "PING weft-end", "GOAWAY 0 NO_ERROR", "FIN");
  });

  test("follows a reply that wants it, and long idleness", async () => {
    await using server = await http2EchoServer(
      { idleTimeoutMs: 40, stalledMs: 40 },
      ({ exchange }) => exchange.reply({ status: 200, fields: [], body: "", close: true }),
    );
    const peer = await ScriptedPeer.connect(server.port);
    peer.send(headers(1, REQUEST));
    await peer.expect("HEADERS 1 200 END_STREAM", "GOAWAY 2147483647 NO_ERROR");
    const other = await ScriptedPeer.connect(server.port);
    await other.expect("GOAWAY 2147483647 NO_ERROR");
  });
});
