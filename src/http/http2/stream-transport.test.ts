import { describe, expect, test } from "bun:test";
import { responseHead } from "../testing/local-heads.ts";
import { http2EchoServer } from "./testing/http2-echo-server.ts";
import { data, END, headers, OPEN, request, rstStream } from "./testing/raw-frames.ts";
import { ScriptedPeer } from "./testing/scripted-peer.ts";

describe("a tunnel", () => {
  test("inside CONNECT carries bytes both ways, and ends each way by itself", async () => {
    const events: string[] = [];
    await using server = await http2EchoServer({}, undefined, ({ exchange }) => {
      exchange.respond(responseHead("200 OK", [], "CONNECT"), undefined);
      const transport = exchange.takeOver();
      transport.attach({
        onData: (bytes) => {
          events.push(bytes.toString());
          transport.write(`<${bytes}>`);
        },
        onEnd: () => {
          events.push("end");
          transport.end();
        },
        onDrain: () => undefined,
        onClose: (error) => void events.push(`closed ${error?.code}`),
      });
    });
    const peer = await ScriptedPeer.connect(server.port);
    const connect = [
      [":method", "CONNECT"],
      [":authority", "a:1"],
    ] as const;
    peer.send(headers(1, connect, OPEN), data(1, "early"));
    await peer.expect("HEADERS 1 200", 'DATA 1 "<early>"');
    peer.send(data(1, "more"));
    await peer.expect('DATA 1 "<more>"');
    peer.send(data(1, "", END));
    await peer.expect('DATA 1 END_STREAM ""');
    await peer.settled();
    expect(events).toEqual(["early", "more", "end", "closed undefined"]);
    expect(server.seen[0]?.end).toBeNull();
  });

  test("that is reset tells so", async () => {
    const closed = Promise.withResolvers<string | undefined>();
    await using server = await http2EchoServer(
      { allowsExtendedConnect: true },
      undefined,
      (seen) => {
        seen.exchange.respond(
          responseHead("101 Switching Protocols", [["upgrade", "x"]]),
          undefined,
        );
        seen.exchange.takeOver().attach({
          onData: () => undefined,
          onEnd: () => undefined,
          onDrain: () => undefined,
          onClose: (error) => closed.resolve(error?.code),
        });
      },
    );
    const peer = await ScriptedPeer.connect(server.port);
    const fields = request("CONNECT", "/chat", [["x", "1"]]);
    peer.send(headers(1, [[":protocol", "websocket"], ...fields], OPEN));
    await peer.expect("HEADERS 1 200");
    expect(server.seen[0]?.head).toMatchObject({ method: "GET", upgrade: "websocket" });
    peer.send(rstStream(1, "CANCEL"));
    expect(await closed.promise).toBe("reset");
  });
});
