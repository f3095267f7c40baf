/**
 * Broken requests at a real socket. Each shows the four marks: the status, the connection closed, nothing handed to the
 * handler, and the next clean request on a new connection served.
 */
import { describe, expect, test } from "bun:test";
import type { Http1ResponseHead } from "#wire/http1/head.ts";
import { decodeResponseHead, RESPONSE_LIMITS } from "#wire/http1/response-head.ts";
import { echoServer } from "../testing/echo-server.ts";
import { RawPeer } from "../testing/raw-peer.ts";

const get = (fields: string): string => `GET / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;
const post = (fields: string): string => `POST / HTTP/1.1\r\nHost: a\r\n${fields}\r\nhello`;

async function expectRefused(status: number, text: string): Promise<void> {
  await using server = await echoServer();
  const bad = await RawPeer.connect(server.port);
  // What follows would be a request of its own for a server that lost count.
  bad.send(`${text}GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n`);
  const answer = await bad.untilEnd();
  expect(answer).toStartWith(`HTTP/1.1 ${status} `);
  expect(answer).toContain("connection: close\r\n");
  expect(answer.match(/^HTTP\/1\.1 \d/gm)).toHaveLength(1);
  expect(server.seen).toHaveLength(0);
  const good = await RawPeer.connect(server.port);
  good.send(get(""));
  expect(await good.until("GET / ")).toStartWith("HTTP/1.1 200 OK\r\n");
}

describe("is refused before the handler sees it", () => {
  test.each<[number, string]>([
    [400, post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n")],
    [400, post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n")],
    [400, post("Content-Length: 5\r\nContent-Length: 6\r\n")],
    [400, post("Content-Length: 5\r\nContent-Length: 5\r\n")],
    [400, post("Content-Length: 5, 5\r\n")],
    [400, post("Content-Length: +5\r\n")],
    [400, post("Content-Length: -5\r\n")],
    [400, post("Content-Length: 0x5\r\n")],
    [400, post("Content-Length: 05\r\n")],
    [400, post("Content-Length: \r\n")],
    [400, post("Content-Length: 9007199254740993\r\n")],
    [400, post("Transfer-Encoding: chUnked\r\n")],
    [400, post("Transfer-Encoding: chunked, chunked\r\n")],
    [400, post("Transfer-Encoding: ,chunked\r\n")],
    [400, post("Transfer-Encoding: chunked\x0b\r\n")],
    [400, post("Transfer-Encoding: chunked, identity\r\n")],
    [501, post("Transfer-Encoding: gzip, chunked\r\n")],
    [501, post("Transfer-Encoding: xchunked\r\n")],
    [400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
    [400, post("Content-Length : 5\r\n")],
    [400, post("X: 1\r\n Content-Length: 5\r\n")],
    [400, get("X: a\rb\r\n")],
    [400, get("X: a\nb: c\r\n")],
    [400, "GET / HTTP/1.1\nHost: a\n\n"],
    [400, get("X\x01Y: 1\r\n")],
    [400, get("X: \x00\r\n")],
    [400, "GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n"],
    [400, "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n"],
    [400, "GET / HTTP/1.1\r\n\r\n"],
    [400, "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"],
    [400, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"],
    [400, "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n"],
    [400, "G@T / HTTP/1.1\r\nHost: a\r\n\r\n"],
    [400, "GET / HTTP/1.1x\r\nHost: a\r\n\r\n"],
    [505, "GET / HTTP/3.0\r\nHost: a\r\n\r\n"],
    [431, get(`X: ${"a".repeat(62_000)}\r\n`)],
    [431, get("X: a\r\n".repeat(100))],
    [400, get("Connection: host\r\n")],
    [400, get("Connection: content-length\r\n")],
    [400, get("Connection: x-forwarded-for\r\n")],
    [417, post("Content-Length: 5\r\nExpect: 200-ok\r\n")],
    [400, "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\nContent-Length: 5\r\n\r\nhello"],
  ])("%i: %j", expectRefused);
});

describe("a body that breaks the protocol", () => {
  test.each<[number, string]>([
    [400, "x\r\n"],
    [400, "-1\r\na\r\n"],
    [400, "0x1\r\na\r\n"],
    [400, " 1\r\na\r\n"],
    [400, "1 \r\na\r\n"],
    [400, "20000000000001\r\na"],
    [400, "1\na\r\n"],
    [400, "1;a\nb\r\na\r\n"],
    [400, `1;${"e".repeat(2_000)}\r\na\r\n`],
    [400, "1\r\nab\r\n0\r\n\r\n"],
    [400, "0\r\nContent-Length: 3\r\n\r\n"],
    [400, "0\r\nHost: b\r\n\r\n"],
    [431, `0\r\n${"a: b\r\n".repeat(101)}\r\n`],
  ])("is answered with %i, ends the exchange and the connection: %j", async (status, chunks) => {
    await using server = await echoServer();
    const peer = await RawPeer.connect(server.port);
    peer.send(
      `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n`,
    );
    const answer = await peer.untilEnd();
    expect(answer).toStartWith(`HTTP/1.1 ${status} `);
    expect(answer.match(/^HTTP\/1\.1 \d/gm)).toHaveLength(1);
    expect(server.seen).toHaveLength(1);
    expect(server.seen[0]?.isWhole).toBe(false);
    expect(server.seen[0]?.end).toMatchObject({ name: "Http1Error", status });
    const good = await RawPeer.connect(server.port);
    good.send(get(""));
    expect(await good.until("GET / ")).toStartWith("HTTP/1.1 200 OK\r\n");
  });

  test("breaks the connection when the response had begun", async () => {
    await using server = await echoServer({}, undefined, (seen) => {
      seen.exchange.respond(localResponse("Transfer-Encoding: chunked"), undefined);
      seen.exchange.write(Buffer.from("begun"));
    });
    const peer = await RawPeer.connect(server.port);
    peer.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    await peer.until("begun");
    peer.send("x\r\n");
    const answer = await peer.untilEnd();
    expect(answer).not.toContain("\r\n0\r\n");
    expect(answer).not.toContain("400");
    expect(server.seen[0]?.end).toMatchObject({ code: "bad-chunk-size" });
  });
});

describe("a client that is too slow", () => {
  const fast = { headTimeoutMs: 40, bodyTimeoutMs: 40, lingerMs: 40 };

  test("with its head gets 408, from the first byte on", async () => {
    await using server = await echoServer(fast);
    const peer = await RawPeer.connect(server.port);
    peer.send("GET / HT");
    expect(await peer.untilEnd()).toStartWith("HTTP/1.1 408 ");
    expect(server.seen).toHaveLength(0);
  });

  test("with its body gets 408, and the exchange ends", async () => {
    await using server = await echoServer(fast);
    const peer = await RawPeer.connect(server.port);
    peer.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe");
    expect(await peer.untilEnd()).toStartWith("HTTP/1.1 408 ");
    expect(server.seen[0]?.end).toMatchObject({ code: "body-timeout" });
  });

  test("with its next request is let go without a word", async () => {
    await using server = await echoServer({ idleTimeoutMs: 40 });
    const peer = await RawPeer.connect(server.port);
    peer.send(get(""));
    await peer.until("GET / ");
    expect((await peer.untilEnd()).match(/^HTTP\/1\.1 \d/gm)).toHaveLength(1);
  });
});

function localResponse(field: string): Http1ResponseHead {
  const bytes = Buffer.from(`HTTP/1.1 200 OK\r\n${field}\r\n\r\n`);
  const head = decodeResponseHead(bytes, 0, bytes.length, "GET", RESPONSE_LIMITS);
  if (head === undefined) throw new Error("incomplete");
  return head;
}
