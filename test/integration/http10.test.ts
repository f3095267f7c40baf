// HTTP/1.0 on either side of two proxies: connections that end with their answer unless both want to keep them, bodies that end
// with their connection, no chunks.
import { describe, expect, test } from "bun:test";
import { eventually } from "../support/eventually.ts";
import { pair } from "../support/proxy-pair.ts";
import { rawClient } from "../support/raw-client.ts";
import { onHeads, type RawServer, rawServer } from "../support/raw-server.ts";

const CHUNKED =
  "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\nx-sum: 1\r\n\r\n";
const KNOWN_LENGTH = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";

/** Answers every head in the same way. */
const answering = (answer: string, thenEnds = false): Promise<RawServer> =>
  rawServer((socket) => {
    onHeads(socket, () => {
      socket.write(answer);
      if (thenEnds) socket.end();
    });
    socket.on("end", () => socket.end());
  });

const headOf = (text: string): string => text.slice(0, text.indexOf("\r\n\r\n")).toLowerCase();
const bodyOf = (text: string): string => text.slice(text.indexOf("\r\n\r\n") + 4);

describe("a client of HTTP/1.0", () => {
  test.each([
    ["", "a body of known length", KNOWN_LENGTH, "hello"],
    ["", "chunks", CHUNKED, "hello world"],
    // Nothing but the end of the connection could tell where this body ends.
    ["connection: keep-alive\r\n", "chunks", CHUNKED, "hello world"],
  ])("that says %j gets %s whole, and the end of its connection", async (says, _, answer, body) => {
    await using app = await answering(answer);
    await using mesh = await pair({ appPort: app.port });
    using client = await rawClient(mesh.port);
    client.send(`GET / HTTP/1.0\r\n${says}\r\n`);
    await eventually(() => client.hasEnded);
    expect(bodyOf(client.text)).toBe(body);
    expect(headOf(client.text)).toContain("connection: close");
    expect(headOf(client.text)).not.toContain("transfer-encoding");
  });

  test("keeps its connection when it asks for it and the answer's length is known", async () => {
    await using app = await answering(KNOWN_LENGTH);
    await using mesh = await pair({ appPort: app.port });
    using client = await rawClient(mesh.port);
    for (let i = 1; i <= 3; i++) {
      client.send("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
      await eventually(() => client.text.split("hello").length === i + 1);
    }
    expect(headOf(client.text)).toContain("connection: keep-alive");
    client.send("GET / HTTP/1.0\r\n\r\n");
    await eventually(() => client.hasEnded);
    expect(client.text.match(/200 OK/g)).toHaveLength(4);
  });

  test("sends a body by its length, and needs no Host", async () => {
    let seen = "";
    await using app = await rawServer((socket) => {
      socket.on("data", (bytes) => {
        seen += bytes.toString("latin1");
        if (seen.endsWith("0123456789")) socket.write(KNOWN_LENGTH);
      });
    });
    await using mesh = await pair({ appPort: app.port });
    using client = await rawClient(mesh.port);
    client.send("POST /form HTTP/1.0\r\nContent-Length: 10\r\n\r\n0123456789");
    await eventually(() => client.hasEnded);
    expect(bodyOf(client.text)).toBe("hello");
    expect(seen).toMatch(/^POST \/form HTTP\/1\.1\r\n/);
    expect(seen.toLowerCase()).toMatch(/\r\nhost: \S+\r\n/);
    expect(seen).toContain("Content-Length: 10");
  });

  test("is not sent what only HTTP/1.1 has", async () => {
    await using app = await answering(
      `HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${KNOWN_LENGTH}`,
    );
    await using mesh = await pair({ appPort: app.port });
    using client = await rawClient(mesh.port);
    client.send("GET / HTTP/1.0\r\n\r\n");
    await eventually(() => client.hasEnded);
    expect(client.text).not.toContain("103");
    expect(bodyOf(client.text)).toBe("hello");
  });
});

describe("a server of HTTP/1.0", () => {
  const get = "GET / HTTP/1.1\r\nHost: payments\r\n\r\n";

  /** Two answers on one connection of the client. */
  async function askTwice(app: RawServer): Promise<string> {
    await using mesh = await pair({ appPort: app.port });
    using client = await rawClient(mesh.port);
    for (let i = 1; i <= 2; i++) {
      client.send(get);
      await eventually(() => client.text.split("hello").length === i + 1);
    }
    await eventually(() => !client.text.includes("chunked") || client.text.endsWith("0\r\n\r\n"));
    expect(client.hasEnded).toBe(false);
    return client.text;
  }

  test("whose body ends with its connection is understood, and its client may go on", async () => {
    await using app = await answering("HTTP/1.0 200 OK\r\nX-A: 1\r\n\r\nhello", true);
    const text = await askTwice(app);
    expect(text.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
    expect(headOf(text)).toContain("transfer-encoding: chunked");
    expect(app.connections).toBe(2);
  });

  test("that says how long its body is, and nothing else, is not asked again on the connection", async () => {
    await using app = await answering("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", true);
    expect((await askTwice(app)).match(/content-length: 5/gi)).toHaveLength(2);
    expect(app.connections).toBe(2);
  });

  test("that keeps its connection gets the next request on it", async () => {
    await using app = await answering(
      "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello",
    );
    await askTwice(app);
    expect(app.connections).toBe(1);
  });
});
