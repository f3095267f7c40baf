// 1 GiB through two proxies to a reader that takes its time: what is under way stays small, whatever carries it.
import { describe, expect, test } from "bun:test";
import { connect as connectHttp2, createServer, type ServerHttp2Stream } from "node:http2";
import { type AddressInfo, createConnection, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { eventually } from "../support/eventually.ts";
import { pair } from "../support/proxy-pair.ts";
import { rawServer } from "../support/raw-server.ts";

const MIB = 1024 * 1024;
const TOTAL = 1024 * MIB;
const PIECE = Buffer.alloc(256 * 1024, "x");
/** The kernel's buffers of three connections, both ends of each, and what proxies and streams hold. */
const MOST_UNDER_WAY = 64 * MIB;
/** Sender, reader and both proxies are this process. */
const MOST_GROWTH = 200 * MIB;

/** What has been given to the sender's stream and taken from the reader's. */
class Flow {
  sent = 0;
  received = 0;
  mostUnderWay = 0;

  send(to: Duplex): void {
    while (this.sent < TOTAL) {
      this.sent += PIECE.length;
      this.mostUnderWay = Math.max(this.mostUnderWay, this.sent - this.received);
      if (!to.write(PIECE)) {
        to.once("drain", () => this.send(to));
        return;
      }
    }
  }

  /** Rests for a while after each few pieces. */
  read(from: Duplex): void {
    let restAt = this.received + 4 * MIB;
    from.on("data", (bytes: Buffer) => {
      this.received += bytes.length;
      if (this.received < restAt) return;
      restAt = this.received + 4 * MIB;
      from.pause();
      setTimeout(() => from.resume(), 2);
    });
  }
}

/** Runs a flow to its end; fails when too much was under way at any time. */
async function flowing(
  start: (flow: Flow) => Promise<AsyncDisposable> | AsyncDisposable,
): Promise<void> {
  Bun.gc(true);
  const before = process.memoryUsage.rss();
  let most = 0;
  const watching = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss());
  }, 20);
  const flow = new Flow();
  await using _ = await start(flow);
  await eventually(() => flow.received >= TOTAL, { deadlineMs: 90_000 });
  clearInterval(watching);
  expect(flow.mostUnderWay).toBeLessThan(MOST_UNDER_WAY);
  expect(most - before).toBeLessThan(MOST_GROWTH);
}

function socketTo(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(port, "127.0.0.1", () => resolve(socket));
    socket.on("error", reject);
  });
}

const ending = (socket: Socket): AsyncDisposable => ({
  [Symbol.asyncDispose]: async () => void socket.destroy(),
});

describe("HTTP/1", () => {
  test(
    "an answer",
    () =>
      flowing(async (flow) => {
        const app = await rawServer((socket) =>
          socket.once("data", () => {
            socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${TOTAL}\r\n\r\n`);
            flow.send(socket);
          }),
        );
        const mesh = await pair({ appPort: app.port });
        const client = await socketTo(mesh.port);
        flow.read(client);
        client.write("GET / HTTP/1.1\r\nhost: payments\r\n\r\n");
        return all(ending(client), mesh, app);
      }),
    120_000,
  );

  test(
    "a request",
    () =>
      flowing(async (flow) => {
        const app = await rawServer((socket) => flow.read(socket));
        const mesh = await pair({ appPort: app.port });
        const client = await socketTo(mesh.port);
        client.write(`POST / HTTP/1.1\r\nhost: payments\r\ncontent-length: ${TOTAL}\r\n\r\n`);
        flow.send(client);
        return all(ending(client), mesh, app);
      }),
    120_000,
  );
});

describe("HTTP/2", () => {
  const likeClient = { outbound: { protocol: "client" }, inbound: { protocol: "client" } } as const;

  test(
    "an answer",
    () =>
      flowing(async (flow) => {
        const app = await http2Server((stream) => {
          stream.respond({ ":status": 200 });
          flow.send(stream);
        });
        const mesh = await pair({ appPort: app.port, ...likeClient });
        const client = connectHttp2(`http://127.0.0.1:${mesh.port}`);
        flow.read(client.request({ ":path": "/" }));
        return all({ [Symbol.asyncDispose]: async () => client.destroy() }, mesh, app);
      }),
    120_000,
  );

  test(
    "a request",
    () =>
      flowing(async (flow) => {
        const app = await http2Server((stream) => flow.read(stream));
        const mesh = await pair({ appPort: app.port, ...likeClient });
        const client = connectHttp2(`http://127.0.0.1:${mesh.port}`);
        const stream = client.request({ ":path": "/", ":method": "POST" }, { endStream: false });
        flow.send(stream);
        return all({ [Symbol.asyncDispose]: async () => client.destroy() }, mesh, app);
      }),
    120_000,
  );
});

describe("bytes", () => {
  test.each(["to the caller", "from the caller"])(
    "%s",
    (way) =>
      flowing(async (flow) => {
        const isDown = way === "to the caller";
        const app = await rawServer((socket) => {
          if (!isDown) flow.read(socket);
          else socket.once("data", () => flow.send(socket));
        });
        const mesh = await pair({ appPort: app.port, content: "tcp" });
        const client = await socketTo(mesh.port);
        if (isDown) {
          flow.read(client);
          client.write("begin");
        } else flow.send(client);
        return all(ending(client), mesh, app);
      }),
    120_000,
  );
});

/** Ends them in this order. */
function all(...parts: readonly AsyncDisposable[]): AsyncDisposable {
  return {
    [Symbol.asyncDispose]: async () => {
      for (const part of parts) await part[Symbol.asyncDispose]();
    },
  };
}

async function http2Server(onStream: (stream: ServerHttp2Stream) => void) {
  const server = createServer();
  const streams = new Set<ServerHttp2Stream>();
  server.on("stream", (opened) => {
    const stream = opened as ServerHttp2Stream;
    streams.add(stream);
    stream.on("error", () => undefined);
    onStream(stream);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        for (const stream of streams) stream.session?.destroy();
        server.close(() => resolve());
      }),
  };
}
