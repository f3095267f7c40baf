import { expect, test } from "bun:test";
import { http2EchoServer } from "./testing/http2-echo-server.ts";
import { headers, ping, REQUEST } from "./testing/raw-frames.ts";
import { ScriptedPeer } from "./testing/scripted-peer.ts";

test("a flood of frames that are allowed lets others have their turn, and none is lost", async () => {
  await using server = await http2EchoServer();
  const peer = await ScriptedPeer.connect(server.port);
  await peer.settled();
  const pings = Buffer.concat(Array.from({ length: 900 }, () => ping("12345678")));
  peer.send(pings, headers(1, REQUEST), pings, headers(3, REQUEST));
  await peer.until("HEADERS 3 200");
  const words = peer.words.join("\n");
  expect(words.match(/PING ACK 1234/g)).toHaveLength(1_800);
  expect(words.indexOf("HEADERS 1")).toBeLessThan(words.indexOf("HEADERS 3"));
});
