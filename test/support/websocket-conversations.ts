// What clients and a server say to each other by WebSocket. The server is the runtime's own; the client's frames are written by
// hand, so that every way to it is sent the same.

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
export const conversations: Readonly<Record<string, readonly Buffer[]>> = {
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

/** Says everything back, but for the words that ask for something else. */
export function chatServer() {
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
