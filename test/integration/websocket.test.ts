// A WebSocket through two proxies is the same octets as without them: every kind of frame, every form of length, fragments,
// pings of both sides, orderly and broken ends. The server is the runtime's own; the client's frames are written by hand, so
// that both runs send the same.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { type Mesh, startMesh } from "../support/mesh.ts";

const TEXT = 1;
const BINARY = 2;
const CONTINUATION = 0;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

/** A client's frame (RFC 6455 §5.2), masked with a fixed key. */
function frame(opcode: number, payload: Uint8Array | string, isLast = true): Buffer {
  const data = Buffer.from(payload as string);
  const first = (isLast ? 0x80 : 0) | opcode;
  const head = Buffer.concat([Buffer.from([first]), maskedLength(data.length)]);
  const mask = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);
  return Buffer.concat([head, mask, data.map((byte, i) => byte ^ (mask[i & 3] ?? 0))]);
}

/** In the shortest of its three forms. */
function maskedLength(length: number): Buffer {
  if (length < 126) return Buffer.from([0x80 | length]);
  if (length < 65_536) return Buffer.from([0x80 | 126, length >> 8, length & 0xff]);
  return Buffer.concat([Buffer.from([0x80 | 127, 0, 0, 0, 0]), uint32(length)]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

const octets = (length: number): Buffer =>
  Buffer.alloc(length, "0123456789abcdef\u0000\u00ff", "latin1");
const goodbye = frame(CLOSE, Buffer.from([0x03, 0xe8, ...Buffer.from("bye")]));

/** What a client sends after the handshake; all end with a close. */
const conversations: Readonly<Record<string, readonly Buffer[]>> = {
  "text, empty text and text that is not ASCII": [
    frame(TEXT, "hello"),
    frame(TEXT, ""),
    frame(TEXT, "Grüße, 世界 🎈"),
    goodbye,
  ],
  "binary of every form of length": [
    ...[0, 1, 125, 126, 127, 65_535, 65_536].map((size) => frame(BINARY, octets(size))),
    goodbye,
  ],
  "a megabyte": [frame(BINARY, octets(1 << 20)), goodbye],
  "fragments with a ping between them": [
    frame(TEXT, "one, ", false),
    frame(PING, "are you there"),
    frame(CONTINUATION, "two, ", false),
    frame(CONTINUATION, "three"),
    goodbye,
  ],
  "pings, with and without payload, and pongs nobody asked for": [
    frame(PING, ""),
    frame(PING, octets(125)),
    frame(PONG, "unasked"),
    frame(TEXT, "after"),
    goodbye,
  ],
  "pings of the server": [frame(TEXT, "ping me"), goodbye],
  "a close with a code of the application": [
    frame(CLOSE, Buffer.from([0x0f, 0xa0, ...Buffer.from("4000")])),
  ],
  "a close of the server": [frame(TEXT, "close me")],
  "a frame that breaks the protocol": [Buffer.from([0x83, 0x80, 1, 2, 3, 4])],
};

let mesh: Mesh;
let server: ReturnType<typeof startServer>;
let upstreamPort: number;
let proxyUrl: URL;

function startServer() {
  return Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request, server) {
      if (server.upgrade(request)) return undefined;
      return new Response("no WebSocket\n", { status: 400 });
    },
    websocket: {
      maxPayloadLength: 4 << 20,
      idleTimeout: 0,
      message(socket, message) {
        if (message === "ping me") socket.ping("from the server");
        if (message === "close me") socket.close(4001, "as you wish");
        else socket.send(message);
      },
    },
  });
}

beforeAll(async () => {
  mesh = await startMesh();
  server = startServer();
  await mesh.run(["--name", "chat", "-n", "shop", "--port", `${server.port}`], ["sleep", "1000"]);
  upstreamPort = await freePort();
  const script = `echo "{\\"proxy\\":\\"$HTTP_PROXY\\"}"; exec sleep 1000`;
  const flags = ["--name", "caller", "-n", "shop", "--upstream", `chat:80=${upstreamPort}`];
  proxyUrl = new URL(`${(await (await mesh.run(flags, ["sh", "-c", script])).json()).proxy}`);
}, 30_000);

afterAll(async () => {
  await server?.stop(true);
  await mesh?.[Symbol.asyncDispose]();
});

const credential = (): string =>
  `Proxy-Authorization: Basic ${Buffer.from(`${proxyUrl.username}:${proxyUrl.password}`).toString("base64")}\r\n`;

const handshake = (target: string, more = ""): string =>
  `GET ${target} HTTP/1.1\r\nHost: chat\r\n${more}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`;

interface Way {
  readonly port: number;
  readonly opening: string;
  /** A request that changes nothing, for the same connection. */
  readonly plain: string;
  /** Answers of proxies that come before the server's. */
  readonly answersBefore: number;
}

const withoutUpgrade = (request: string): string =>
  request.replace("Connection: Upgrade\r\nUpgrade: websocket\r\n", "");

const ways: Readonly<Record<string, () => Way>> = {
  "a loopback port": () => ({
    port: upstreamPort,
    opening: handshake("/"),
    plain: withoutUpgrade(handshake("/")),
    answersBefore: 0,
  }),
  HTTP_PROXY: () => ({
    port: Number(proxyUrl.port),
    opening: handshake("http://chat/", credential()),
    plain: withoutUpgrade(handshake("http://chat/", credential())),
    answersBefore: 0,
  }),
  CONNECT: () => ({
    port: Number(proxyUrl.port),
    opening: `CONNECT chat:80 HTTP/1.1\r\nHost: chat:80\r\n${credential()}\r\n${handshake("/")}`,
    plain: withoutUpgrade(handshake("/")),
    answersBefore: 1,
  }),
};
const direct = (): Way => ({
  port: server.port ?? 0,
  opening: handshake("/"),
  plain: withoutUpgrade(handshake("/")),
  answersBefore: 0,
});

interface Talk {
  readonly status: string;
  /** All that came after the answer's head. */
  readonly frames: Buffer;
}

/** The whole conversation; ends when the server has ended it. */
async function talk(way: Way, frames: readonly Buffer[]): Promise<Talk> {
  const { socket, bytes, ended } = await open(way);
  const headEnd = await eventually(() => endOfHeads(bytes(), way.answersBefore + 1));
  const status = bytes().toString("latin1", 0, headEnd).split("\r\n\r\n").at(-2) ?? "";
  for (const one of frames) socket.write(one);
  await ended;
  return { status: status.split("\r\n")[0] ?? "", frames: bytes().subarray(headEnd) };
}

async function open({ port, opening }: Way) {
  const chunks: Buffer[] = [];
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const socket: Socket = connect(port, "127.0.0.1", () => socket.write(opening));
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  socket.on("end", () => socket.end());
  socket.on("error", () => undefined).on("close", () => resolve());
  return { socket, ended, bytes: () => Buffer.concat(chunks) };
}

function endOfHeads(bytes: Buffer, count: number): number | undefined {
  let at = 0;
  for (let i = 0; i < count; i++) {
    at = bytes.indexOf("\r\n\r\n", at) + 4;
    if (at === 3) return undefined;
  }
  return at;
}

describe.each(Object.keys(ways))("through %s", (name) => {
  const way = (): Way => ways[name]?.() ?? direct();

  test.each(Object.keys(conversations))(
    "%s",
    async (conversation) => {
      const frames = conversations[conversation] ?? [];
      const without = await talk(direct(), frames);
      const through = await talk(way(), frames);
      expect(through.status).toBe("HTTP/1.1 101 Switching Protocols");
      expect(without.frames.length).toBeGreaterThan(0);
      expect(through.frames.equals(without.frames)).toBe(true);
    },
    20_000,
  );

  test("a refusal by the server passes as it is, and the connection goes on", async () => {
    const opening = way().opening.replace("Upgrade: websocket", "Upgrade: other");
    const { socket, bytes, ended } = await open({ ...way(), opening });
    await eventually(() => bytes().includes("no WebSocket"));
    socket.write(way().plain);
    await eventually(() => bytes().toString().split("no WebSocket").length === 3);
    socket.end();
    await ended;
    expect(
      bytes()
        .toString()
        .match(/HTTP\/1\.1 400 Bad Request/g),
    ).toHaveLength(2);
  });

  test("a client that is gone is gone for the server too", async () => {
    const { socket, bytes } = await open(way());
    await eventually(() => endOfHeads(bytes(), way().answersBefore + 1));
    await eventually(() => server.pendingWebSockets === 1);
    socket.destroy();
    await eventually(() => server.pendingWebSockets === 0);
  });
});
