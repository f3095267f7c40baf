// A WebSocket through two proxies is the same octets as without them: every kind of frame, every form of length, fragments,
// pings of both sides, orderly and broken ends. Between the proxies it is one stream beside others.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { type Mesh, startMesh } from "../support/mesh.ts";
import { chatServer, conversations } from "../support/websocket-conversations.ts";

let mesh: Mesh;
let server: ReturnType<typeof chatServer>;
let upstreamPort: number;
let proxyUrl: URL;

beforeAll(async () => {
  mesh = await startMesh();
  server = chatServer();
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

test("twenty at a time, and requests beside them, share one connection between the proxies", async () => {
  const way = ways["a loopback port"]?.() ?? direct();
  const all = await Promise.all(Array.from({ length: 20 }, () => open(way)));
  await eventually(() => server.pendingWebSockets === 20);
  const plain = await open({ ...way, opening: way.plain });
  await eventually(() => plain.bytes().includes("no WebSocket"));
  expect(await connectionsToChat()).toMatchObject({ rq_active: 20, cx_active: 1, cx_http2: 1 });
  for (const { socket } of [...all, plain]) socket.destroy();
  await eventually(() => server.pendingWebSockets === 0);
});

/** What the caller's proxy says of its only endpoint of chat. */
async function connectionsToChat() {
  const { admin } = (await mesh.proxy("caller")).addresses;
  const page = await fetch(`http://${admin}/clusters?format=json`);
  const clusters = (await page.json()) as { name: string; hosts: unknown[] }[];
  return clusters.find(({ name }) => name.startsWith("outbound|") && name.includes("chat."))
    ?.hosts[0];
}
