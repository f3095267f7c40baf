import { describe, expect, test } from "bun:test";
import { NetError } from "#net/net-error.ts";
import type { Http1ResponseHead } from "#wire/http1/head.ts";
import { decodeResponseHead, RESPONSE_LIMITS } from "#wire/http1/response-head.ts";
import { echo, echoServer, type Seen } from "../testing/echo-server.ts";
import { RawPeer } from "../testing/raw-peer.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

function upstreamHead(text: string, method = "GET"): Http1ResponseHead {
  const bytes = Buffer.from(text, "latin1");
  const head = decodeResponseHead(bytes, 0, bytes.length, method, RESPONSE_LIMITS);
  if (head === undefined) throw new Error("incomplete");
  return head;
}

const count = (text: string, part: string): number => text.split(part).length - 1;

describe("requests on one connection", () => {
  test("are served one after the other, however many arrive at once", async () => {
    await using server = await echoServer();
    const peer = await RawPeer.connect(server.port);
    let text = "";
    for (let i = 0; i < 50; i++)
      text +=
        i % 2
          ? `GET /${i} HTTP/1.1\r\nHost: a\r\n\r\n`
          : `POST /${i} HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody`;
    peer.send(`${text}GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    const answer = await peer.untilEnd();
    expect(count(answer, "HTTP/1.1 200 OK")).toBe(51);
    expect(server.seen.map(({ head }) => head.target)).toEqual([
      ...Array.from({ length: 50 }, (_, i) => `/${i}`),
      "/last",
    ]);
    expect(server.seen.every(({ end }) => end === null)).toBe(true);
  });

  test("wait while one is being answered", async () => {
    const held: Seen[] = [];
    await using server = await echoServer({}, (seen) => void held.push(seen));
    const peer = await RawPeer.connect(server.port);
    peer.send(GET + GET.replace("/ ", "/2 "));
    const other = await RawPeer.connect(server.port);
    other.send(GET);
    while (held.length < 2) await new Promise(setImmediate);
    expect(server.seen).toHaveLength(2);
    for (const seen of held.splice(0)) echo(seen);
    await peer.until("200 OK");
    while (held.length < 1) await new Promise(setImmediate);
    echo(held[0] as Seen);
    expect(await peer.until("GET /2 ")).toContain("GET / ");
  });

  test("that are sent ahead without end are read only as they are served, and none is lost", async () => {
    const total = 3_000;
    await using server = await echoServer({}, (seen) => void setImmediate(() => echo(seen)));
    const peer = await RawPeer.connect(server.port);
    const filler = "x".repeat(997);
    while (server.connections.size === 0) await new Promise(setImmediate);
    const [connection] = server.connections;
    for (let i = 0; i < total; i++) {
      const post = `POST /${i} HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody`;
      peer.send(i % 3 === 0 ? post : `GET /${i} HTTP/1.1\r\nHost: a\r\nX-Fill: ${filler}\r\n\r\n`);
      // Pieces arrive at any moment, also between two requests.
      if (i % 7 === 0) await new Promise(setImmediate);
      const ahead = (connection?.transport.bytesRead ?? 0) - 700 * server.seen.length;
      expect(ahead).toBeLessThan(1_000_000);
    }
    await peer.until(`/${total - 1} `);
    expect(server.seen.map(({ head }) => head.target)).toEqual(
      Array.from({ length: total }, (_, i) => `/${i}`),
    );
  });

  test("with bodies larger than may be sent ahead wait for their turn", async () => {
    const held: Seen[] = [];
    await using server = await echoServer({ maxHeldBytes: 1_000 }, (seen) => void held.push(seen));
    const peer = await RawPeer.connect(server.port);
    const body = "x".repeat(300_000);
    peer.send(`${GET}POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    while (held.length < 1) await new Promise(setImmediate);
    echo(held[0] as Seen);
    while (held.length < 2) await new Promise(setImmediate);
    expect(held[1]?.body.length).toBe(body.length);
  });

  test("arrive in pieces of one byte", async () => {
    await using server = await echoServer();
    const peer = await RawPeer.connect(server.port);
    const text =
      "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n";
    for (const byte of text) {
      peer.send(byte);
      await new Promise(setImmediate);
    }
    await peer.until("POST /x abc");
    expect(server.seen[0]?.trailers?.field("x-t")).toBe("1");
  });

  test("end with the connection when the client asked for it, or speaks HTTP/1.0", async () => {
    await using server = await echoServer();
    for (const text of [
      GET.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"),
      "GET / HTTP/1.0\r\n\r\n",
    ]) {
      const peer = await RawPeer.connect(server.port);
      peer.send(text);
      expect(await peer.untilEnd()).toContain("connection: close\r\n");
    }
    const kept = await RawPeer.connect(server.port);
    kept.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    expect(await kept.until("GET / ")).toContain("connection: keep-alive\r\n");
    expect(kept.hasEnded).toBe(false);
  });

  test("of a client that has sent its last byte are still answered", async () => {
    await using server = await echoServer();
    const peer = await RawPeer.connect(server.port);
    peer.send(GET + GET);
    peer.end();
    expect(count(await peer.untilEnd(), "200 OK")).toBe(2);
  });

  test("that are cut off end the exchange", async () => {
    await using server = await echoServer();
    const peer = await RawPeer.connect(server.port);
    peer.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
    peer.end();
    expect(await peer.untilEnd()).toStartWith("HTTP/1.1 400 ");
    expect(server.seen[0]?.end).toMatchObject({ code: "truncated" });
  });
});

describe("a response", () => {
  test("of an upstream goes on byte for byte, its body framed as it came", async () => {
    await using server = await echoServer({}, ({ exchange }) => {
      exchange.respond(
        upstreamHead("HTTP/1.1 299 Odd\r\nX-CaSe:  v\r\nTransfer-Encoding: chunked\r\n\r\n"),
        undefined,
      );
      exchange.write(Buffer.from("hello"));
      exchange.end({
        fieldCount: 1,
        field: () => "1",
        has: () => true,
        fieldName: () => "X-T",
        fieldValue: () => "1",
      });
    });
    const peer = await RawPeer.connect(server.port);
    peer.send(GET);
    expect(await peer.until("X-T: 1\r\n\r\n")).toBe(
      "HTTP/1.1 299 Odd\r\nX-CaSe:  v\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-T: 1\r\n\r\n",
    );
    expect(server.seen[0]?.exchange.bodyBytesSent).toBe(5);
  });

  test("without an end of its own is chunked for HTTP/1.1, and ends with the connection for HTTP/1.0", async () => {
    await using server = await echoServer({}, ({ exchange }) => {
      exchange.respond(upstreamHead("HTTP/1.1 200 OK\r\n\r\n"), undefined);
      exchange.write(Buffer.from("hello"));
      exchange.end();
    });
    const newer = await RawPeer.connect(server.port);
    newer.send(GET);
    expect(await newer.until("\r\n0\r\n\r\n")).toContain(
      "transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
    );
    const older = await RawPeer.connect(server.port);
    older.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    expect(await older.untilEnd()).toEndWith("connection: close\r\n\r\nhello");
  });

  test("to HEAD tells the length and has no body", async () => {
    await using server = await echoServer();
    const peer = await RawPeer.connect(server.port);
    peer.send(`HEAD / HTTP/1.1\r\nHost: a\r\n\r\n${GET}`);
    const answer = await peer.until("GET / ");
    expect(answer).toContain("content-length: 7\r\n");
    expect(answer.split("\r\n\r\n")[1]).toStartWith("HTTP/1.1 200 OK");
  });

  test("with more or fewer bytes than it promised is a bug of the handler", async () => {
    const errors: unknown[] = [];
    await using server = await echoServer({}, ({ exchange }) => {
      exchange.respond(upstreamHead("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"), undefined);
      for (const act of [() => exchange.end(), () => exchange.write(Buffer.from("four"))]) {
        try {
          act();
        } catch (cause) {
          errors.push(cause);
        }
      }
      exchange.abort(new NetError("closed"));
    });
    const peer = await RawPeer.connect(server.port);
    peer.send(GET);
    await peer.untilEnd();
    expect(errors).toEqual([expect.any(RangeError), expect.any(RangeError)]);
  });

  test("is given once", async () => {
    let error: unknown;
    await using server = await echoServer({}, (seen) => {
      echo(seen);
      try {
        echo(seen);
      } catch (cause) {
        error = cause;
      }
    });
    const peer = await RawPeer.connect(server.port);
    peer.send(GET);
    await peer.until("GET / ");
    expect(error).toBeInstanceOf(Error);
  });

  test("that is aborted leaves the client with a broken message", async () => {
    await using server = await echoServer({}, ({ exchange }) => {
      exchange.respond(
        upstreamHead("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        undefined,
      );
      exchange.write(Buffer.from("begun"));
      setTimeout(() => exchange.abort(new NetError("reset")), 5);
    });
    const peer = await RawPeer.connect(server.port);
    peer.send(GET);
    expect(await peer.untilEnd()).not.toContain("\r\n0\r\n");
    expect(server.seen[0]?.end).toMatchObject({ code: "reset" });
  });
});

describe("a body that nobody reads", () => {
  test("is discarded when it is small, and the connection goes on", async () => {
    await using server = await echoServer({}, echo, (seen) => {
      if (seen.head.method === "POST") seen.exchange.reply({ status: 403, fields: [], body: "no" });
    });
    const peer = await RawPeer.connect(server.port);
    peer.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello${GET}`);
    const answer = await peer.until("GET / ");
    expect(count(answer, "HTTP/1.1 403")).toBe(1);
    expect(server.seen[0]?.end).toBeNull();
    expect(server.seen[0]?.body).toBe("");
  });

  test("ends the connection when it is large, but the answer arrives", async () => {
    await using server = await echoServer({ maxDiscardedBytes: 100_000 }, echo, (seen) =>
      seen.exchange.reply({ status: 413, fields: [], body: "too large" }),
    );
    const peer = await RawPeer.connect(server.port);
    peer.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n");
    await peer.until("too large");
    peer.send("x".repeat(500_000));
    await peer.untilEnd();
    expect(server.seen[0]?.end).toBeNull();
  });
});

describe("Expect: 100-continue", () => {
  const text = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";

  test("is answered when the handler says so, and the body follows", async () => {
    await using server = await echoServer({}, echo, ({ exchange }) => exchange.sendContinue());
    const peer = await RawPeer.connect(server.port);
    peer.send(text);
    await peer.until("HTTP/1.1 100 Continue\r\n\r\n");
    peer.send("hello");
    expect(await peer.until("POST / hello")).not.toContain("connection: close");
  });

  test("that is refused ends the connection, since the body may or may not come", async () => {
    await using server = await echoServer({}, echo, ({ exchange }) =>
      exchange.reply({ status: 403, fields: [], body: "no" }),
    );
    const peer = await RawPeer.connect(server.port);
    peer.send(text);
    expect(await peer.untilEnd()).toContain("connection: close\r\n\r\nno");
  });

  test("an upstream's 1xx goes on to HTTP/1.1 clients only", async () => {
    await using server = await echoServer({}, (seen) => {
      seen.exchange.inform(upstreamHead("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"));
      echo(seen);
    });
    const newer = await RawPeer.connect(server.port);
    newer.send(GET);
    expect(await newer.until("GET / ")).toStartWith(
      "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200",
    );
    const older = await RawPeer.connect(server.port);
    older.send("GET / HTTP/1.0\r\n\r\n");
    expect(await older.untilEnd()).not.toContain("103");
  });
});

describe("back-pressure", () => {
  test("a client that does not read stops the response, and starts it again", async () => {
    const piece = Buffer.alloc(64 * 1024, "x");
    const total = 400;
    let sent = 0;
    let stops = 0;
    let current: Seen | undefined;
    const pump = (seen: Seen) => {
      while (sent < total) {
        sent++;
        if (!seen.exchange.write(piece)) {
          stops++;
          return;
        }
      }
      seen.exchange.end();
    };
    await using server = await echoServer({}, (seen) => {
      current = seen;
      const drained = seen.onResponseDrain.bind(seen);
      seen.onResponseDrain = () => {
        drained();
        pump(seen);
      };
      seen.exchange.respond(
        upstreamHead(
          `HTTP/1.1 200 OK\r\nContent-Length: ${total * piece.length}\r\nConnection: close\r\n\r\n`,
        ),
        undefined,
      );
      pump(seen);
    });
    const peer = await RawPeer.connect(server.port);
    peer.transport.pause();
    peer.send(GET.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
    while (stops === 0) await new Promise(setImmediate);
    expect(sent).toBeLessThan(total);
    peer.transport.resume();
    const answer = await peer.untilEnd();
    expect(answer.length - answer.indexOf("\r\n\r\n") - 4).toBe(total * piece.length);
    expect(current?.drains).toBeGreaterThan(0);
  });

  test("a paused request body stops the client", async () => {
    await using server = await echoServer({}, echo, ({ exchange }) => exchange.pauseRequest());
    const peer = await RawPeer.connect(server.port);
    const size = 30_000_000;
    peer.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`);
    while (server.seen.length === 0) await new Promise(setImmediate);
    peer.transport.write(Buffer.alloc(size));
    for (let i = 0; i < 50; i++) await new Promise(setImmediate);
    const [seen] = server.seen;
    expect(peer.transport.queuedBytes).toBeGreaterThan(0);
    expect(seen?.exchange.bodyBytesReceived ?? size).toBeLessThan(1_000_000);
    if (seen) seen.onRequestData = () => undefined;
    seen?.exchange.resumeRequest();
    while (!seen?.isWhole) await new Promise(setImmediate);
    expect(seen.exchange.bodyBytesReceived).toBe(size);
  });
});

describe("a tunnel", () => {
  test("is taken over with the bytes that the client sent early", async () => {
    await using server = await echoServer({}, ({ exchange }) => {
      exchange.respond(
        upstreamHead(
          "HTTP/1.1 101 Switching Protocols\r\nUpgrade: chat\r\nConnection: Upgrade\r\n\r\n",
        ),
        undefined,
      );
      const peer = new RawPeer(exchange.takeOver());
      void peer.until("early bytes").then(() => peer.send("and back"));
    });
    const client = await RawPeer.connect(server.port);
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\nearly");
    await client.until("101 Switching");
    client.send(" bytes");
    expect(await client.until("and back")).toContain(
      "Upgrade: chat\r\nconnection: upgrade\r\n\r\n",
    );
    expect(server.seen[0]?.end).toBeNull();
  });

  test("that is not agreed to makes early bytes a request of their own", async () => {
    await using server = await echoServer();
    const client = await RawPeer.connect(server.port);
    client.send(
      `GET /up HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n${GET}`,
    );
    await client.until("GET / ");
    expect(server.seen.map(({ head }) => head.target)).toEqual(["/up", "/"]);
  });
});

describe("a drain", () => {
  test("ends idle connections at once, and busy ones after their response", async () => {
    const held: Seen[] = [];
    await using server = await echoServer({}, (seen) => void held.push(seen));
    const idle = await RawPeer.connect(server.port);
    const busy = await RawPeer.connect(server.port);
    busy.send(GET);
    while (held.length === 0 || server.connections.size < 2) await new Promise(setImmediate);
    for (const connection of server.connections) connection.drain();
    expect(await idle.untilEnd()).toBe("");
    expect(busy.hasEnded).toBe(false);
    echo(held[0] as Seen);
    expect(await busy.untilEnd()).toContain("connection: close\r\n");
  });
});

test("a client that goes away ends the exchange", async () => {
  await using server = await echoServer({}, () => undefined);
  const peer = await RawPeer.connect(server.port);
  peer.send(GET);
  while (server.seen.length === 0) await new Promise(setImmediate);
  peer.transport.destroy();
  const [seen] = server.seen;
  seen?.exchange.respond(upstreamHead("HTTP/1.1 200 OK\r\n\r\n"), undefined);
  while (seen?.end === undefined) {
    if (seen?.end === undefined) seen?.exchange.write(Buffer.alloc(1_000));
    await new Promise(setImmediate);
  }
  expect(seen.end).toMatchObject({ name: "NetError" });
});
