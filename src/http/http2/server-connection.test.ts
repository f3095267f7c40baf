import { describe, expect, test } from "bun:test";
import { HeadEdits } from "#wire/http1/head-edits.ts";
import { FLAG } from "#wire/http2/frame-header.ts";
import { Http2Error } from "#wire/http2/http2-error.ts";
import { eventually } from "../../../test/support/eventually.ts";
import type { Seen } from "../testing/echo-server.ts";
import { responseHead } from "../testing/local-heads.ts";
import { http2EchoServer } from "./testing/http2-echo-server.ts";
import {
  block,
  continuation,
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

describe("a request", () => {
  test("without a body is answered", async () => {
    await using server = await http2EchoServer();
    const peer = await ScriptedPeer.connect(server.port);
    peer.send(headers(1, request("GET", "/a?b")));
    await peer.expect("HEADERS 1 200", 'DATA 1 END_STREAM "GET /a?b "');
    expect(server.seen[0]?.head).toMatchObject({ protocol: "HTTP/2", authority: "a" });
  });

  test("with a body and trailers is told whole", async () => {
    await using server = await http2EchoServer();
    const peer = await ScriptedPeer.connect(server.port);
    peer.send(
      headers(1, request("POST"), OPEN),
      data(1, "hel"),
      data(1, "lo"),
      headers(1, [["x-sum", "5"]]),
    );
    await peer.expect("HEADERS 1 200", 'DATA 1 END_STREAM "POST / hello"');
    expect(server.seen[0]?.trailers?.field("x-sum")).toBe("5");
    expect(server.seen[0]?.end).toBeNull();
  });

  test("whose head comes in several frames, padded, is joined", async () => {
    await using server = await http2EchoServer();
    const peer = await ScriptedPeer.connect(server.port);
    const bytes = block(request("GET", "/joined"));
    const first = Buffer.concat([Buffer.of(3), bytes.subarray(0, 10), Buffer.alloc(3)]);
    peer.send(
      frame(1, FLAG.padded | FLAG.endStream, 1, first),
      continuation(1, bytes.subarray(10, 20), 0),
      continuation(1, bytes.subarray(20)),
    );
    await peer.expect("HEADERS 1 200", 'DATA 1 END_STREAM "GET /joined "');
  });

  test("that expects 100 is told to go on", async () => {
    await using server = await http2EchoServer({}, undefined, ({ exchange }) =>
      exchange.sendContinue(),
    );
    const peer = await ScriptedPeer.connect(server.port);
    peer.send(headers(1, request("POST", "/", [["expect", "100-continue"]]), OPEN));
    await peer.expect("HEADERS 1 100");
    peer.send(data(1, "now", END));
    await peer.expect("HEADERS 1 200", 'DATA 1 END_STREAM "POST / now"');
  });

  test("that disagrees with its content-length is reset, and others go on", async () => {
    await using server = await http2EchoServer();
    const peer = await ScriptedPeer.connect(server.port);
    peer.send(headers(1, request("POST", "/", [["content-length", "3"]]), OPEN), data(1, "four"));
    await peer.expect("RST_STREAM 1 PROTOCOL_ERROR");
    peer.send(headers(3, request("POST", "/", [["content-length", "3"]]), OPEN), data(3, "f", END));
    await peer.expect("RST_STREAM 3 PROTOCOL_ERROR");
    expect(server.seen.map(({ end }) => (end as Http2Error).reason)).toEqual([
      "body-length-mismatch",
      "body-length-mismatch",
    ]);
    peer.send(headers(5, REQUEST));
    await peer.expect("HEADERS 5 200", 'DATA 5 END_STREAM "GET / "');
  });

  test("whose head is too large is answered with 431, and its body is not read", async () => {
    await using server = await http2EchoServer({
      head: { maxBytes: 1_000, maxFields: 10 },
      earlyAnswerMs: 20,
    });
    const peer = await ScriptedPeer.connect(server.port);
    peer.send(headers(1, request("POST", "/", [["x", "a".repeat(990)]]), OPEN));
    await peer.expect("HEADERS 1 431");
    expect(await peer.next()).toStartWith("DATA 1 END_STREAM");
    await peer.expect("RST_STREAM 1 NO_ERROR");
    peer.send(data(1, "ignored"), headers(3, REQUEST));
    await peer.expect("HEADERS 3 200", 'DATA 3 END_STREAM "GET / "');
    expect(server.seen).toHaveLength(1);
  });

  test("above the limit of streams is refused, and never seen", async () => {
    await using server = await http2EchoServer({ maxConcurrentStreams: 2 });
    const peer = await ScriptedPeer.connect(server.port);
    for (const id of [1, 3, 5]) peer.send(headers(id, request("POST"), OPEN));
    await peer.expect("RST_STREAM 5 REFUSED_STREAM");
    expect(server.seen).toHaveLength(2);
    peer.send(data(1, "", END), data(3, "", END));
    await peer.until("DATA 3 END_STREAM");
    peer.send(headers(7, REQUEST));
    await peer.until("DATA 7 END_STREAM");
  });
});

describe("a response", () => {
  const chunked = responseHead("200 OK", [["transfer-encoding", "chunked"]]);

  test("has its 1xx heads, its body cut into frames, and its trailers after it", async () => {
    const body = "x".repeat(40_000);
    await using server = await http2EchoServer({}, ({ exchange }) => {
      exchange.inform(responseHead("103 Early Hints", [["link", "</a>"]]));
      exchange.respond(chunked, undefined);
      exchange.write(Buffer.from(body));
      exchange.end(responseHead("200 OK", [["x-sum", "40000"]]));
    });
    const peer = await ScriptedPeer.connect(server.port);
    peer.send(headers(1, REQUEST));
    await peer.expect("HEADERS 1 103", "HEADERS 1 200", "DATA 1 16375", "DATA 1 16375");
    await peer.expect("DATA 1 7250", "TRAILERS 1 END_STREAM");
    expect(peer.body).toBe(body);
    expect(peer.heads.at(-1)?.field("x-sum")).toBe("40000");
    await peer.settled();
    expect(server.seen[0]?.end).toBeNull();
  });

  test("without a body ends with its head", async () => {
    await using server = await http2EchoServer({}, ({ exchange }) => {
      exchange.respond(responseHead("204 No Content"), undefined);
      exchange.end();
    });
    const peer = await ScriptedPeer.connect(server.port);
    peer.send(headers(1, REQUEST));
    await peer.expect("HEADERS 1 204 END_STREAM");
    await peer.settled();
    expect(server.seen[0]?.end).toBeNull();
  });

  test("to HEAD tells its length and has no body", async () => {
    await using server = await http2EchoServer();
    const peer = await ScriptedPeer.connect(server.port);
    peer.send(headers(1, request("HEAD")));
    await peer.expect("HEADERS 1 200 END_STREAM");
    expect(peer.heads.at(-1)?.field("content-length")).toBe("7");
  });

  test("has the edits of its head", async () => {
    await using server = await http2EchoServer({}, ({ exchange }) => {
      exchange.respond(
        responseHead("200 OK", [
          ["server", "x"],
          ["content-length", "0"],
        ]),
        new HeadEdits().set("server", "weft").add("x-more", "1"),
      );
      exchange.end();
    });
    const peer = await ScriptedPeer.connect(server.port);
    peer.send(headers(1, REQUEST));
    await peer.expect("HEADERS 1 200 END_STREAM");
    expect(peer.heads.at(-1)?.field("server")).toBe("weft");
    expect(peer.heads.at(-1)?.field("x-more")).toBe("1");
  });

  test("that cannot be finished resets its stream only", async () => {
    await using server = await http2EchoServer({}, ({ exchange, head }) => {
      exchange.respond(chunked, undefined);
      if (head.path === "/broken") exchange.abort(new Http2Error("window-stalled"));
      else exchange.end();
    });
    const peer = await ScriptedPeer.connect(server.port);
    peer.send(headers(1, request("GET", "/broken")), headers(3, REQUEST));
    await peer.expect("HEADERS 1 200", "RST_STREAM 1 CANCEL", "HEADERS 3 200");
    await peer.expect('DATA 3 END_STREAM ""');
  });

  test("may not be shorter or longer than its head says", async () => {
    const head = responseHead("200 OK", [["content-length", "3"]]);
    const errors: string[] = [];
    await using server = await http2EchoServer({}, ({ exchange }) => {
      exchange.respond(head, undefined);
      for (const attempt of [() => exchange.end(), () => exchange.write(Buffer.from("four"))])
        try {
          attempt();
        } catch (cause) {
          errors.push((cause as Error).name);
        }
      exchange.abort(new Http2Error("internal"));
    });
    const peer = await ScriptedPeer.connect(server.port);
    peer.send(headers(1, REQUEST));
    await peer.expect("HEADERS 1 200", "RST_STREAM 1 INTERNAL_ERROR");
    expect(errors).toEqual(["RangeError", "RangeError"]);
  });
});

describe("a client that goes", () => {
  test("by a reset ends its exchange, with the code that it gave", async () => {
    await using server = await http2EchoServer();
    const peer = await ScriptedPeer.connect(server.port);
    peer.send(headers(1, request("POST"), OPEN), rstStream(1, "CANCEL"));
    await peer.settled();
    expect(server.seen[0]?.end).toMatchObject({ reason: "stream-reset", code: "CANCEL" });
  });

  test("by a reset may say nothing more there, also where the server had reset the stream first", async () => {
    await using server = await http2EchoServer();
    const peer = await ScriptedPeer.connect(server.port);
    peer.send(headers(1, request("POST", "/", [["connection", "x"]]), OPEN));
    await peer.expect("RST_STREAM 1 PROTOCOL_ERROR");
    peer.send(data(1, "crossed the reset"), rstStream(1, "CANCEL"), data(1, "did not"));
    await peer.expect("RST_STREAM 1 STREAM_CLOSED");
  });

  test("by closing the connection ends all of them", async () => {
    await using server = await http2EchoServer();
    const peer = await ScriptedPeer.connect(server.port);
    peer.send(headers(1, request("POST"), OPEN), headers(3, request("POST"), OPEN));
    await peer.settled();
    peer.transport.destroy();
    await eventually(() => server.connections.size === 0);
    expect(server.seen.map(({ end }) => end)).not.toContain(null);
    expect(server.seen.map(({ end }) => end)).not.toContain(undefined);
  });

  test("by ending its side is still answered what it has asked whole", async () => {
    const held: Seen[] = [];
    await using server = await http2EchoServer({}, (seen) => void held.push(seen));
    const peer = await ScriptedPeer.connect(server.port);
    peer.send(headers(1, REQUEST), headers(3, request("POST"), OPEN));
    peer.transport.end();
    await eventually(() => server.seen[1]?.end !== undefined);
    held[0]?.exchange.reply({ status: 200, fields: [], body: "late" });
    await peer.expect("RST_STREAM 3 CANCEL", "HEADERS 1 200", 'DATA 1 END_STREAM "late"', "FIN");
  });
});

describe("several requests in one turn", () => {
  test("are started so many at a time, in their order, and all are answered", async () => {
    await using server = await http2EchoServer({ requestsPerTurn: 2 });
    const peer = await ScriptedPeer.connect(server.port);
    const ids = [1, 3, 5, 7, 9, 11, 13];
    peer.send(...ids.map((id) => headers(id, request("GET", `/${id}`))));
    await peer.until("DATA 13");
    expect(server.seen.map(({ head }) => head.path)).toEqual(ids.map((id) => `/${id}`));
  });
});
