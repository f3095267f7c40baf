import { describe, expect, test } from "bun:test";
import type { Http1RequestHead } from "#wire/http1/head.ts";
import { HeadEdits } from "#wire/http1/head-edits.ts";
import { localRequestHead } from "#wire/http1/local-head.ts";
import { eventually } from "../../../test/support/eventually.ts";
import type { ClientExchange } from "../exchange.ts";
import { responseHead } from "../testing/local-heads.ts";
import { clientBench, get } from "./testing/client-bench.ts";
import { ClientStory } from "./testing/client-story.ts";
import {
  data,
  END,
  frame,
  goaway,
  headers,
  OPEN,
  ping,
  rstStream,
  settings,
  windowUpdate,
} from "./testing/raw-frames.ts";

function head(method = "GET", target = "/", fields: [string, string][] = []): Http1RequestHead {
  return localRequestHead({ method, target, fields: [["Host", "a"], ...fields] });
}

const OK = [[":status", "200"]] as const;

describe("a request", () => {
  test("without a body ends with its head; the response has body, trailers and 1xx", async () => {
    await using it = await clientBench();
    const story = get(it.connection);
    await it.peer.expect("HEADERS 1 GET / END_STREAM");
    it.peer.send(
      headers(1, [[":status", "103"]], OPEN),
      headers(1, OK, OPEN),
      data(1, "hel"),
      data(1, "lo"),
      headers(1, [["grpc-status", "0"]]),
    );
    await story.over;
    expect(story.words).toEqual(["103", "200", "end"]);
    expect(story.body).toBe("hello");
    expect(story.trailers?.field("grpc-status")).toBe("0");
    expect(story.head?.protocol).toBe("HTTP/2");
    expect(it.connection.idleSinceMs).toBeNumber();
  });

  test("has its edits, its body and its trailers", async () => {
    await using it = await clientBench();
    const story = new ClientStory();
    const request = head("POST", "/up", [["transfer-encoding", "chunked"]]);
    const exchange = it.connection.send(request, new HeadEdits().set("x-id", "7"), story);
    exchange.write(Buffer.from("body"));
    exchange.end(responseHead("200 OK", [["x-sum", "4"]]));
    await it.peer.expect("HEADERS 1 POST /up", 'DATA 1 "body"', "TRAILERS 1 END_STREAM");
    expect(it.peer.heads[0]?.field("x-id")).toBe("7");
    expect(it.peer.heads[1]?.field("x-sum")).toBe("4");
    it.peer.send(headers(1, OK));
    await story.over;
    expect(story.words).toEqual(["200", "end"]);
  });

  test("of a known length ends with its last byte", async () => {
    await using it = await clientBench();
    const request = head("POST", "/", [["content-length", "4"]]);
    const exchange = it.connection.send(request, undefined, new ClientStory());
    exchange.write(Buffer.from("body"));
    exchange.end();
    await it.peer.expect("HEADERS 1 POST /", 'DATA 1 END_STREAM "body"');
  });

  test("that is given up is reset, and its place is free", async () => {
    await using it = await clientBench();
    const story = new ClientStory();
    const exchange: ClientExchange = it.connection.send(head(), undefined, story);
    await it.peer.expect("HEADERS 1 GET / END_STREAM");
    exchange.abort();
    await it.peer.expect("RST_STREAM 1 CANCEL");
    it.peer.send(headers(1, OK, OPEN), data(1, "late", END));
    await it.peer.settled();
    expect(story.words).toEqual([]);
    expect(it.connection.available).toBe(100);
  });

  test("whose response ends first is not sent to its end", async () => {
    await using it = await clientBench();
    const story = new ClientStory();
    const request = head("POST", "/", [["transfer-encoding", "chunked"]]);
    const exchange = it.connection.send(request, undefined, story);
    await it.peer.expect("HEADERS 1 POST /");
    it.peer.send(headers(1, OK));
    await story.over;
    expect(exchange.write(Buffer.from("more"))).toBe(true);
    exchange.end();
    await it.peer.expect("RST_STREAM 1 CANCEL");
    await it.peer.settled();
    expect(it.owner.words.at(-1)).toBe("available 100");
  });
});

describe("an answer that is whole", () => {
  test("is still told when the server then wants no more of the request", async () => {
    await using it = await clientBench();
    const story = new ClientStory();
    const request = head("POST", "/", [["transfer-encoding", "chunked"]]);
    const exchange = it.connection.send(request, undefined, story);
    exchange.write(Buffer.from("begun"));
    await it.peer.expect("HEADERS 1 POST /", 'DATA 1 "begun"');
    exchange.pauseResponse();
    it.peer.send(
      headers(1, OK, OPEN),
      data(1, "all of it"),
      headers(1, [["grpc-status", "0"]]),
      rstStream(1, "NO_ERROR"),
    );
    await it.peer.settled();
    expect(story.words).toEqual(["200"]);
    exchange.resumeResponse();
    await story.over;
    expect([story.words, story.body]).toEqual([["200", "end"], "all of it"]);
    expect(story.trailers?.field("grpc-status")).toBe("0");
    expect(it.connection.available).toBe(100);
  });
});

describe("how many requests may be under way", () => {
  test("is the server's to say, and places are told when they become free", async () => {
    await using it = await clientBench({}, { settings: [[3, 2]] });
    expect(it.connection.available).toBe(2);
    const stories = [get(it.connection), get(it.connection)];
    expect(it.connection.available).toBe(0);
    expect(() => get(it.connection)).toThrow("no further request");
    await it.peer.expect("HEADERS 1 GET / END_STREAM", "HEADERS 3 GET / END_STREAM");
    it.owner.words.length = 0;
    it.peer.send(headers(1, OK));
    await stories[0]?.over;
    expect(it.owner.words).toEqual(["available 1"]);
    it.peer.send(settings([[3, 10]]));
    await it.peer.settled();
    expect(it.owner.words).toEqual(["available 1", "available 9"]);
  });
});

describe("an upstream that refuses", () => {
  test("a stream says that it was never looked at", async () => {
    await using it = await clientBench();
    const story = get(it.connection);
    await it.peer.expect("HEADERS 1 GET / END_STREAM");
    it.peer.send(rstStream(1, "REFUSED_STREAM"));
    await story.over;
    expect(story.error).toMatchObject({ reason: "stream-refused", status: 502 });
    expect(story.progress).toBe("unsent");
  });

  test("by another reset was sent the request", async () => {
    await using it = await clientBench();
    const story = get(it.connection);
    await it.peer.expect("HEADERS 1 GET / END_STREAM");
    it.peer.send(rstStream(1, "INTERNAL_ERROR"));
    await story.over;
    expect(story.error).toMatchObject({ reason: "stream-reset", code: "INTERNAL_ERROR" });
    expect(story.progress).toBe("sent");
  });

  test("streams above the last of GOAWAY leaves them unsent, and finishes the others", async () => {
    await using it = await clientBench();
    const [first, second] = [get(it.connection), get(it.connection)];
    await it.peer.expect("HEADERS 1 GET / END_STREAM", "HEADERS 3 GET / END_STREAM");
    it.peer.send(goaway(1, "NO_ERROR"));
    await second?.over;
    expect(second).toMatchObject({ progress: "unsent", error: { reason: "stream-refused" } });
    expect(it.connection.available).toBe(0);
    expect(it.owner.words.at(-1)).toBe("retired");
    expect(it.owner.retiredBy).toBeUndefined();
    it.peer.send(headers(1, OK, OPEN), data(1, "done", END));
    await first?.over;
    expect(first?.body).toBe("done");
    await it.peer.expect("GOAWAY 0 NO_ERROR", "FIN");
  });

  test("for a reason of ours tells it to the pool", async () => {
    await using it = await clientBench();
    it.peer.send(goaway(0, "ENHANCE_YOUR_CALM", "too_many_pings"));
    await it.owner.retired;
    expect(it.owner.retiredBy).toMatchObject({ reason: "went-away", code: "ENHANCE_YOUR_CALM" });
    expect(it.owner.retiredBy?.message).toContain("too_many_pings");
  });
});

describe("an upstream that breaks the protocol", () => {
  const length = [...OK, ["content-length", "3"]] as [string, string][];
  test.each<[string, Buffer[], string]>([
    ["no :status", [headers(1, [["x", "1"]])], "missing-pseudo-field"],
    ["status 101", [headers(1, [[":status", "101"]], OPEN)], "unexpected-upgrade"],
    ["a body without a head", [data(1, "x", END)], "data-before-head"],
    ["1xx that ends", [headers(1, [[":status", "103"]])], "bad-status"],
    ["an upper-case name", [headers(1, [...OK, ["X-A", "1"]])], "upper-case-field-name"],
    ["a line feed in a value", [headers(1, [...OK, ["x", "a\nb"]])], "bad-field-value"],
    ["a connection header", [headers(1, [...OK, ["connection", "x"]])], "connection-field"],
    ["a body too long", [headers(1, length, OPEN), data(1, "four", END)], "body-length-mismatch"],
    ["a body too short", [headers(1, length, OPEN), data(1, "tw", END)], "body-length-mismatch"],
    [
      "trailers that do not end",
      [headers(1, OK, OPEN), headers(1, OK, OPEN)],
      "unknown-pseudo-field",
    ],
    [
      "a flood of 1xx",
      Array(17).fill(headers(1, [[":status", "100"]], OPEN)),
      "too-many-informational",
    ],
    ["a large head", [headers(1, [...OK, ["x", "a".repeat(9_000)]])], "head-too-large"],
  ])("with %s is a 502 for one request; others go on", async (_, frames, reason) => {
    await using it = await clientBench({ head: { maxBytes: 8_000, maxFields: 100 } });
    const [bad, good] = [get(it.connection), get(it.connection)];
    await it.peer.expect("HEADERS 1 GET / END_STREAM", "HEADERS 3 GET / END_STREAM");
    it.peer.send(...frames);
    await bad?.over;
    expect(bad?.error).toMatchObject({ reason, fault: "upstream", status: 502 });
    expect(bad?.progress).toBe(reason === "data-before-head" ? "sent" : "responding");
    expect(await it.peer.next()).toStartWith("RST_STREAM 1");
    it.peer.send(headers(3, OK));
    await good?.over;
    expect(good?.words).toEqual(["200", "end"]);
  });

  test.each<[string, string, Buffer]>([
    ["PUSH_PROMISE", "PROTOCOL_ERROR", frame(5, 4, 1, Buffer.of(0, 0, 0, 2, 0x82))],
    ["a stream that we did not open", "PROTOCOL_ERROR", headers(2, OK)],
    ["a stream not yet opened", "PROTOCOL_ERROR", headers(5, OK)],
    ["data without a stream", "PROTOCOL_ERROR", data(0, "x")],
    ["a bad header block", "COMPRESSION_ERROR", frame(1, 5, 1, Buffer.alloc(5, 0xff))],
    ["ENABLE_PUSH", "PROTOCOL_ERROR", settings([[2, 1]])],
    ["a window too large", "FLOW_CONTROL_ERROR", windowUpdate(0, 0x7fff_ffff)],
    ["a frame too large", "FRAME_SIZE_ERROR", frame(1, 4, 1, Buffer.alloc(20_000))],
  ])("with %s ends the connection: %s", async (_, code, frames) => {
    await using it = await clientBench();
    const story = get(it.connection);
    await it.peer.expect("HEADERS 1 GET / END_STREAM");
    it.peer.send(frames);
    await it.peer.expect(`GOAWAY 0 ${code}`, "FIN");
    await story.over;
    expect(story.error).toMatchObject({ code, fault: "upstream", status: 502 });
    expect(it.owner.words.at(-1)).toBe("retired");
  });

  test("that begins with something else than settings is not HTTP/2", async () => {
    await using it = await clientBench({}, { settings: undefined });
    it.peer.send(Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n"));
    await it.owner.retired;
    expect(it.owner.retiredBy).toMatchObject({ scope: "connection", fault: "upstream" });
  });
});

describe("a connection", () => {
  test("that is retired takes nothing more and ends with its last response", async () => {
    await using it = await clientBench();
    const story = get(it.connection);
    await it.peer.expect("HEADERS 1 GET / END_STREAM");
    it.connection.retire();
    expect(it.connection.available).toBe(0);
    it.peer.send(headers(1, OK));
    await story.over;
    await it.peer.expect("GOAWAY 0 NO_ERROR", "FIN");
  });

  test("whose server goes fails what is under way", async () => {
    await using it = await clientBench();
    const story = get(it.connection);
    await it.peer.expect("HEADERS 1 GET / END_STREAM");
    it.peer.transport.end();
    await story.over;
    expect(story).toMatchObject({ progress: "sent", error: { code: "closed" } });
    expect(it.owner.words.at(-1)).toBe("retired");
  });

  test("asks a silent server whether it is there, and gives up when no answer comes", async () => {
    await using it = await clientBench({ keepAlive: { intervalMs: 20, timeoutMs: 60 } });
    await it.peer.expect("PING weft-kal");
    it.peer.send(ping("weft-kal", true));
    await it.peer.expect("PING weft-kal");
    await it.owner.retired;
    expect(it.owner.retiredBy).toMatchObject({ reason: "ping-timeout" });
  });

  test("whose server says nothing is given up", async () => {
    await using it = await clientBench({ prefaceTimeoutMs: 20 }, { settings: undefined });
    await it.owner.retired;
    expect(it.owner.retiredBy).toMatchObject({ reason: "preface-timeout", fault: "upstream" });
  });

  test("whose server does not acknowledge settings is given up", async () => {
    await using it = await clientBench({ settingsTimeoutMs: 20 }, { settings: undefined });
    it.peer.send(settings());
    await it.owner.retired;
    expect(it.owner.retiredBy).toMatchObject({ reason: "settings-timeout" });
    await it.peer.expect("GOAWAY 0 SETTINGS_TIMEOUT");
  });
});

describe("an upgrade", () => {
  const upgrade = head("GET", "/chat", [
    ["connection", "upgrade"],
    ["upgrade", "websocket"],
  ]);

  test("is an extended CONNECT, and the stream becomes a transport", async () => {
    await using it = await clientBench({}, { settings: [[8, 1]] });
    expect(it.connection.allowsUpgrade).toBe(true);
    const story = new ClientStory();
    const exchange = it.connection.send(upgrade, undefined, story);
    exchange.end();
    const received: string[] = [];
    story.onHead = ({ status }) => {
      expect(status).toBe(101);
      const transport = exchange.takeOver();
      transport.attach({
        onData: (bytes) => void received.push(bytes.toString()),
        onEnd: () => void received.push("end"),
        onDrain: () => undefined,
        onClose: () => void received.push("closed"),
      });
      transport.write("ping");
      transport.end();
    };
    await it.peer.expect("HEADERS 1 GET /chat");
    expect((it.peer.heads[0] as Http1RequestHead).upgrade).toBe("websocket");
    it.peer.send(headers(1, OK, OPEN), data(1, "pong"));
    await it.peer.expect('DATA 1 END_STREAM "ping"');
    it.peer.send(data(1, "", END));
    await eventually(() => received.includes("closed"));
    expect(received).toEqual(["pong", "end", "closed"]);
    expect(it.connection.available).toBe(100);
  });

  test("that is refused is a response like any other", async () => {
    await using it = await clientBench({}, { settings: [[8, 1]] });
    const story = new ClientStory();
    it.connection.send(upgrade, undefined, story).end();
    await it.peer.expect("HEADERS 1 GET /chat");
    it.peer.send(headers(1, [[":status", "403"]], OPEN), data(1, "no", END));
    await story.over;
    expect([story.body, ...story.words]).toEqual(["no", "403", "end"]);
  });

  test("that the server does not offer fails without being sent", async () => {
    await using it = await clientBench();
    const story = new ClientStory();
    it.connection.send(upgrade, undefined, story).end();
    await story.over;
    expect(story).toMatchObject({
      progress: "unsent",
      error: { reason: "extended-connect-disabled", fault: "upstream" },
    });
    const next = get(it.connection);
    await it.peer.expect("HEADERS 3 GET / END_STREAM");
    it.peer.send(headers(3, OK));
    await next.over;
  });
});
