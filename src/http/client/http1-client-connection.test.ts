import { describe, expect, test } from "bun:test";
import { connect } from "#net/connect.ts";
import { BODY_LIMITS } from "#wire/http1/body-decoder.ts";
import { HeadEdits } from "#wire/http1/head-edits.ts";
import { localRequestHead } from "#wire/http1/local-head.ts";
import { eventually } from "../../../test/support/eventually.ts";
import type {
  ClientExchange,
  ClientExchangeEvents,
  FieldView,
  PeerError,
  ResponseHead,
  SendProgress,
} from "../exchange.ts";
import { HandClock } from "../testing/hand-clock.ts";
import { type RawPeer, type RawServer, rawServer } from "../testing/raw-peer.ts";
import { CLIENT_OPTIONS, type ClientOptions } from "./client-options.ts";
import type { ClientConnection, ConnectionOwner } from "./connection.ts";
import { http1Client } from "./http1-client-connection.ts";

/** Everything that happened to one exchange, as words in order. */
class Story implements ClientExchangeEvents, ConnectionOwner {
  readonly words: string[] = [];
  body = "";
  head: ResponseHead | undefined = undefined;
  trailers: FieldView | undefined = undefined;
  error: PeerError | undefined = undefined;
  progress: SendProgress | undefined = undefined;
  retiredBy: PeerError | undefined = undefined;
  readonly #over = Promise.withResolvers<void>();
  readonly #retired = Promise.withResolvers<void>();
  readonly over = this.#over.promise;
  readonly retired = this.#retired.promise;
  onHead: (head: ResponseHead) => void = () => undefined;

  onAvailable(): void {
    this.words.push("available");
  }

  onRetired(_: ClientConnection, error: PeerError | undefined): void {
    this.words.push("retired");
    this.retiredBy = error;
    this.#retired.resolve();
  }

  onInformational(head: ResponseHead): void {
    this.words.push(`${head.status}`);
  }

  onResponse(head: ResponseHead): void {
    this.words.push(`${head.status}`);
    this.head = head;
    this.onHead(head);
  }

  onResponseData(bytes: Buffer, start: number, end: number): void {
    this.body += bytes.toString("latin1", start, end);
  }

  onResponseEnd(trailers: FieldView | undefined): void {
    this.words.push("end");
    this.trailers = trailers;
    this.#over.resolve();
  }

  onRequestDrain(): void {
    this.words.push("drain");
  }

  onUpstreamError(error: PeerError, progress: SendProgress): void {
    this.words.push("error");
    this.error = error;
    this.progress = progress;
    this.#over.resolve();
  }
}

interface Bench {
  readonly story: Story;
  readonly connection: ClientConnection;
}

async function connected(server: RawServer, options: Partial<ClientOptions> = {}): Promise<Bench> {
  const transport = await connect({ address: { host: "127.0.0.1", port: server.port } });
  const story = new Story();
  return { story, connection: http1Client(transport, story, { ...CLIENT_OPTIONS, ...options }) };
}

const request = (method = "GET", fields: [string, string][] = []) =>
  localRequestHead({ method, target: "/", fields: [["Host", "a"], ...fields] });

function start(
  { connection, story }: Bench,
  method = "GET",
  fields: [string, string][] = [],
): ClientExchange {
  const exchange = connection.send(request(method, fields), undefined, story);
  if (fields.length === 0) exchange.end();
  return exchange;
}

/** A server that answers the first request on a connection with `text`, whatever it is. */
const answering = (text: string, close = false) =>
  rawServer((peer) => {
    void peer.until("\r\n\r\n").then(() => {
      peer.send(text);
      if (close) peer.end();
    });
  });

describe("a response", () => {
  test.each<[string, string, string]>([
    ["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello", "200 available end"],
    ["HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "", "200 available end"],
    ["HTTP/1.1 204 No Content\r\n\r\n", "", "204 available end"],
    ["HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "", "304 available end"],
    [
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
      "hello",
      "200 available end",
    ],
    [
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
      "hello",
      "200 retired end",
    ],
    ["HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello", "200 retired end"],
    [
      "HTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
      "",
      "103 100 200 available end",
    ],
  ])("%j is read, and the connection is used again when it can be", async (text, body, words) => {
    await using server = await answering(text);
    const bench = await connected(server);
    start(bench);
    await bench.story.over;
    expect(bench.story.body).toBe(body);
    expect(bench.story.words.join(" ")).toBe(words);
    expect(bench.connection.available).toBe(words.includes("available") ? 1 : 0);
  });

  test("to HEAD has no body", async () => {
    await using server = await answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    const bench = await connected(server);
    start(bench, "HEAD");
    await bench.story.over;
    expect(bench.story.words).toEqual(["200", "available", "end"]);
  });

  test("without an end of its own ends with the connection", async () => {
    await using server = await answering("HTTP/1.1 200 OK\r\n\r\nhello", true);
    const bench = await connected(server);
    start(bench);
    await bench.story.over;
    expect([bench.story.body, ...bench.story.words]).toEqual(["hello", "200", "retired", "end"]);
  });

  test("has its trailers, and tells how long the server keeps a connection", async () => {
    await using server = await answering(
      "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=7, max=9\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-T: 1\r\n\r\n",
    );
    const bench = await connected(server);
    start(bench);
    await bench.story.over;
    expect(bench.story.trailers?.field("x-t")).toBe("1");
    expect(bench.connection.keepAliveMs).toBe(7_000);
    expect(bench.connection.idleSinceMs).toBeNumber();
  });

  test("arrives in pieces of one byte", async () => {
    await using server = await rawServer(async (peer) => {
      await peer.until("\r\n\r\n");
      for (const byte of "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n") {
        peer.send(byte);
        await new Promise(setImmediate);
      }
    });
    const bench = await connected(server);
    start(bench);
    await bench.story.over;
    expect([bench.story.body, ...bench.story.words]).toEqual([
      "hi",
      "100",
      "200",
      "available",
      "end",
    ]);
  });

  test("to the next request comes over the same connection", async () => {
    await using server = await rawServer(async (peer) => {
      for (let i = 1; i <= 3; i++) {
        await peer.until(`X-N: ${i}\r\n\r\n`);
        peer.send(`HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n${i}`);
      }
    });
    const { connection } = await connected(server);
    for (let i = 1; i <= 3; i++) {
      const story = new Story();
      connection.send(request(), new HeadEdits().add("X-N", String(i)), story).end();
      await story.over;
      expect(story.body).toBe(String(i));
    }
    expect([connection.requestCount, server.peers.length]).toEqual([3, 1]);
  });
});

describe("an upstream that breaks the protocol is a 502, and its connection is not used again", () => {
  test.each<[string, string]>([
    [
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
      "repeated-content-length",
    ],
    [
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\na",
      "length-and-transfer-encoding",
    ],
    ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "bad-chunk-size"],
    ["HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "unsupported-transfer-encoding"],
    ["HTTP/3 200 OK\r\n\r\n", "bad-status-line"],
    ["HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", "unexpected-upgrade"],
    [`HTTP/1.1 200 OK\r\nX: ${"a".repeat(62_000)}\r\n\r\n`, "head-too-large"],
    [`HTTP/1.1 200 OK\r\n${"X: a\r\n".repeat(101)}\r\n`, "too-many-fields"],
    ["HTTP/1.1 100 Continue\r\n\r\n".repeat(17), "too-many-informational"],
  ])("%j: %s", async (text, code) => {
    await using server = await answering(text);
    const bench = await connected(server);
    start(bench);
    await bench.story.over;
    expect(bench.story.error).toMatchObject({ code, fault: "upstream", status: 502 });
    expect(bench.story.progress).toBe("responding");
    expect(bench.connection.available).toBe(0);
  });

  test.each<[string, string]>([
    [
      "more than one response",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb",
    ],
    ["a body longer than it said", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nabc"],
    ["a body after 204", "HTTP/1.1 204 No Content\r\n\r\nabc"],
    ["a body after 304", "HTTP/1.1 304 Not Modified\r\n\r\nabc"],
    [
      "bytes after the last chunk",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\nabc",
    ],
  ])("%s: the response counts, the connection does not", async (_, text) => {
    await using server = await answering(text);
    const bench = await connected(server);
    start(bench);
    await bench.story.over;
    expect(bench.story.words.slice(1)).toEqual(["retired", "end"]);
    expect(bench.story.retiredBy).toMatchObject({ code: "unexpected-bytes" });
  });

  test("a body after the answer to HEAD: likewise", async () => {
    await using server = await answering("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");
    const bench = await connected(server);
    start(bench, "HEAD");
    await bench.story.over;
    expect(bench.story.words).toEqual(["200", "retired", "end"]);
  });

  test("bytes on an idle connection retire it", async () => {
    await using server = await rawServer((peer) =>
      peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    );
    const bench = await connected(server);
    await bench.story.retired;
    expect(bench.story.retiredBy).toMatchObject({ code: "unexpected-bytes", fault: "upstream" });
    expect(bench.connection.available).toBe(0);
  });
});

describe("what is known when a request fails", () => {
  const dropping = (when: (peer: RawPeer) => void) =>
    rawServer((peer) => {
      void peer.until("\r\n\r\n").then(() => when(peer));
    });

  test("nothing was sent when the connection was closed already", async () => {
    await using server = await rawServer(() => undefined);
    const bench = await connected(server);
    const exchange = start(bench);
    expect(exchange.progress).toBe("unsent");
    bench.connection.destroy();
    await bench.story.over;
    expect([bench.story.progress, bench.story.words.at(-1)]).toEqual(["unsent", "error"]);
  });

  test("it was sent when the server went away without a byte", async () => {
    for (const leave of [
      (peer: RawPeer) => peer.end(),
      (peer: RawPeer) => peer.transport.destroy(),
    ]) {
      await using server = await dropping(leave);
      const bench = await connected(server);
      start(bench);
      await bench.story.over;
      expect(bench.story.progress).toBe("sent");
      expect(bench.story.error).toMatchObject({ name: "NetError" });
    }
  });

  test("a response had begun when the server stopped in its head or body", async () => {
    for (const text of [
      "HTTP/1.1 200",
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
    ]) {
      await using server = await answering(text, true);
      const bench = await connected(server);
      start(bench);
      await bench.story.over;
      expect(bench.story.progress).toBe("responding");
      expect(bench.story.error).toMatchObject({ code: "truncated", status: 502 });
    }
  });

  test("an idle connection that the server ends is retired without an error", async () => {
    await using server = await rawServer((peer) => peer.end());
    const bench = await connected(server);
    await bench.story.retired;
    expect(bench.story.retiredBy).toBeUndefined();
  });

  test("nothing comes after an abort", async () => {
    await using server = await answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe");
    const bench = await connected(server);
    const exchange = start(bench);
    while (bench.story.head === undefined) await new Promise(setImmediate);
    exchange.abort();
    await server.peers[0]?.untilEnd();
    expect(bench.story.words).toEqual(["200", "retired"]);
  });
});

describe("a request body", () => {
  test("is framed as its head says", async () => {
    await using server = await answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    const bench = await connected(server);
    const exchange = start(bench, "POST", [["Transfer-Encoding", "chunked"]]);
    exchange.write(Buffer.from("hello"));
    exchange.end({
      fieldCount: 1,
      field: () => "1",
      has: () => true,
      fieldName: () => "X-T",
      fieldValue: () => "1",
    });
    const [peer] = await waitForPeer(server);
    expect(await peer?.until("X-T: 1\r\n\r\n")).toEndWith(
      "\r\n\r\n5\r\nhello\r\n0\r\nX-T: 1\r\n\r\n",
    );
  });

  test("that is not over when the response is, costs the connection", async () => {
    await using server = await answering("HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n");
    const bench = await connected(server);
    const exchange = start(bench, "POST", [["Content-Length", "10"]]);
    exchange.write(Buffer.from("abc"));
    await bench.story.over;
    expect(bench.story.words).toEqual(["413", "retired", "end"]);
    expect(exchange.write(Buffer.from("ignored"))).toBe(true);
    exchange.end();
  });

  test("with a wrong length is a bug of the caller", async () => {
    await using server = await rawServer(() => undefined);
    const bench = await connected(server);
    const exchange = start(bench, "POST", [["Content-Length", "2"]]);
    expect(() => exchange.end()).toThrow(RangeError);
    expect(() => exchange.write(Buffer.from("abc"))).toThrow(RangeError);
    exchange.abort();
  });
});

describe("a tunnel", () => {
  test.each<[string, [string, string][], string]>([
    [
      "GET",
      [
        ["Connection", "upgrade"],
        ["Upgrade", "chat"],
      ],
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: chat\r\n\r\nearly",
    ],
    ["CONNECT", [["X", "1"]], "HTTP/1.1 200 OK\r\n\r\nearly"],
  ])("after %s has the bytes that came with the head", async (method, fields, text) => {
    await using server = await rawServer((peer) => {
      void peer.until("\r\n\r\n").then(() => peer.send(text));
    });
    const bench = await connected(server);
    const head = localRequestHead({
      method,
      target: method === "GET" ? "/" : "a:1",
      fields: [["Host", "a"], ...fields],
    });
    const exchange = bench.connection.send(head, undefined, bench.story);
    exchange.end();
    const taken = Promise.withResolvers<string>();
    bench.story.onHead = () =>
      exchange.takeOver().attach({
        onData: (bytes) => taken.resolve(bytes.toString()),
        onEnd: () => undefined,
        onDrain: () => undefined,
        onClose: () => undefined,
      });
    expect(await taken.promise).toBe("early");
    expect(bench.story.words.at(-1)).toBe("retired");
    expect(bench.connection.available).toBe(0);
    bench.connection.destroy();
  });
});

describe("a body in chunks of one byte", () => {
  const OPENING = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const END = "0\r\n\r\n";
  const chunks = (count: number): string => "1\r\nx\r\n".repeat(count);
  const seen = ({ story }: Bench) => [story.body.length, ...story.words];
  const isUnderWay = (bench: Bench) =>
    eventually(() => bench.story.body.length > 0, { everyMs: 0 });

  test("lets others have their turn, and none is lost", async () => {
    const count = 50_000;
    await using server = await answering(`${OPENING}${chunks(count)}${END}`);
    const bench = await connected(server);
    start(bench);
    await isUnderWay(bench);
    expect(bench.story.body.length).toBeLessThan(count);
    await bench.story.over;
    expect(seen(bench)).toEqual([count, "200", "available", "end"]);
    expect(bench.connection.available).toBe(1);
  });

  test("does not hold up another connection", async () => {
    await using flooding = await answering(`${OPENING}${chunks(200_000)}${END}`);
    await using other = await answering(`${OPENING}${chunks(1)}${END}`);
    const flooded = await connected(flooding);
    start(flooded);
    await isUnderWay(flooded);
    const bystander = await connected(other);
    start(bystander);
    await bystander.story.over;
    expect(seen(bystander)).toEqual([1, "200", "available", "end"]);
    expect(flooded.story.words).toEqual(["200"]);
    await flooded.story.over;
    expect(flooded.story.body.length).toBe(200_000);
  });

  test("leaves its connection to the next request", async () => {
    await using server = await rawServer(async (peer) => {
      for (let i = 1; i <= 2; i++) {
        await peer.until(`X-N: ${i}\r\n\r\n`);
        peer.send(`${OPENING}${chunks(3_000)}${END}`);
      }
    });
    const { connection } = await connected(server);
    for (let i = 1; i <= 2; i++) {
      const story = new Story();
      connection.send(request(), new HeadEdits().add("X-N", String(i)), story).end();
      await story.over;
      expect(story.body.length).toBe(3_000);
    }
    expect([connection.requestCount, server.peers.length]).toEqual([2, 1]);
  });

  test("with the server's end right behind it is whole, and its connection is not used again", async () => {
    await using server = await answering(`${OPENING}${chunks(5_000)}${END}`, true);
    const bench = await connected(server);
    start(bench);
    await bench.story.retired;
    await bench.story.over;
    expect([bench.story.body.length, bench.story.error]).toEqual([5_000, undefined]);
    expect(bench.connection.available).toBe(0);
  });

  test("with more behind it than belongs to it costs the connection", async () => {
    await using server = await answering(`${OPENING}${chunks(5_000)}${END}HTTP/1.1 200 OK\r\n`);
    const bench = await connected(server);
    start(bench);
    await bench.story.over;
    expect(seen(bench)).toEqual([5_000, "200", "retired", "end"]);
    expect(bench.story.retiredBy).toMatchObject({ code: "unexpected-bytes" });
  });

  test.each<[string, string, string]>([
    ["that is cut off", "", "truncated"],
    ["that turns out to be broken", "zz\r\n", "bad-chunk-size"],
  ])("%s is an error", async (_, end, code) => {
    await using server = await answering(`${OPENING}${chunks(5_000)}${end}`, true);
    const bench = await connected(server);
    start(bench);
    await bench.story.over;
    expect(bench.story.error).toMatchObject({ code, fault: "upstream" });
    expect(bench.story.body.length).toBe(5_000);
  });

  test("that is aborted is dropped", async () => {
    await using server = await answering(`${OPENING}${chunks(50_000)}${END}`);
    const bench = await connected(server);
    const exchange = start(bench);
    await isUnderWay(bench);
    exchange.abort();
    const before = bench.story.body.length;
    await server.peers[0]?.untilEnd();
    expect(seen(bench)).toEqual([before, "200", "retired"]);
  });

  test("waits while nobody reads it, and goes on afterwards", async () => {
    const count = 20_000;
    await using server = await answering(`${OPENING}${chunks(count)}${END}`);
    const bench = await connected(server, { body: { ...BODY_LIMITS, chunksPerTurn: 10 } });
    const exchange = start(bench);
    await isUnderWay(bench);
    exchange.pauseResponse();
    const before = bench.story.body.length;
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    expect(bench.story.body.length).toBe(before);
    exchange.resumeResponse();
    exchange.pauseResponse();
    exchange.resumeResponse();
    await bench.story.over;
    expect(seen(bench)).toEqual([count, "200", "available", "end"]);
  });
});

test("a server that sends faster than it is read is stopped", async () => {
  const size = 30_000_000;
  await using server = await rawServer((peer) => {
    void peer.until("\r\n\r\n").then(() => {
      peer.send(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
      peer.transport.write(Buffer.alloc(size));
    });
  });
  const bench = await connected(server);
  const exchange = start(bench);
  bench.story.onHead = () => exchange.pauseResponse();
  bench.story.onResponseData = () => undefined;
  while (bench.story.head === undefined) await new Promise(setImmediate);
  for (let i = 0; i < 50; i++) await new Promise(setImmediate);
  expect(exchange.bodyBytesReceived).toBeLessThan(1_000_000);
  exchange.resumeResponse();
  await bench.story.over;
  expect(exchange.bodyBytesReceived).toBe(size);
});

async function waitForPeer(server: RawServer): Promise<readonly RawPeer[]> {
  while (server.peers.length === 0) await new Promise(setImmediate);
  return server.peers;
}

test("a server that reads nothing of a request's body is given up", async () => {
  const clock = new HandClock();
  await using server = await rawServer((peer) => peer.transport.pause());
  const bench = await connected(server, clock.options);
  const exchange = start(bench, "POST", [["Transfer-Encoding", "chunked"]]);
  while (exchange.write(Buffer.alloc(256 * 1024))); // until there is no room
  clock.pass(25_000);
  expect(bench.story.words).toEqual([]);
  // The kernel may have taken the rest meanwhile; from then on nothing moves.
  clock.pass(40_000);
  await bench.story.over;
  expect(bench.story.error).toMatchObject({ code: "unread" });
  expect(bench.story.progress).toBe("sent");
});
