import { afterEach, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { connect as connectSocket } from "node:net";
import { type MeshAuthority, meshAuthority } from "../../test/support/mesh-tls.ts";
import { TransportLog } from "../../test/support/transport-log.ts";
import { connect } from "./connect.ts";
import { libc, SOL_SOCKET } from "./libc.ts";
import { type ListenAddress, type Listener, listen } from "./listener.ts";
import { openListeningSocket } from "./listening-socket.ts";
import { NetError } from "./net-error.ts";
import type { Watermarks } from "./socket-transport.ts";
import { createTlsContext } from "./tls-context.ts";
import type { Transport } from "./transport.ts";

const MiB = 1024 * 1024;
const SO_SNDBUF = 7;
const SO_RCVBUF = 8;

const mesh: MeshAuthority = meshAuthority();
const serverTls = {
  context: createTlsContext(mesh.credentials("web")),
  clientCertificate: "require" as const,
  verifyPeer: mesh.verify("client"),
  alpn: ["h2", "http/1.1"],
};
const clientTls = {
  context: createTlsContext(mesh.credentials("pay")),
  serverName: "web.shop",
  alpn: ["h2"],
  verifyPeer: mesh.verify("server"),
};

const open: Listener[] = [];
afterEach(async () => {
  for (const listener of open.splice(0)) await listener[Symbol.asyncDispose]();
});

interface Pair {
  readonly server: TransportLog;
  readonly client: TransportLog;
}

type Security = "plaintext" | "TLS";

async function pair(
  security: Security,
  options: { readonly address?: ListenAddress; readonly watermarks?: Watermarks } = {},
): Promise<Pair> {
  const accepted = Promise.withResolvers<TransportLog>();
  const listener = await listen({
    address: { host: "127.0.0.1", port: 0 },
    mode: security === "TLS" ? "either" : "plain",
    tls: () => serverTls,
    onConnection: (transport) => accepted.resolve(new TransportLog(transport)),
    ...options,
  });
  open.push(listener);
  const transport = await connect({
    address: listener.address,
    ...(security === "TLS" && { tls: clientTls }),
    ...(options.watermarks && { watermarks: options.watermarks }),
  });
  return { client: new TransportLog(transport), server: await accepted.promise };
}

/** Pieces of sizes from one byte to 200 KiB, some as strings: the same sequence for the same seed. */
function* pieces(totalBytes: number, seed: number): Generator<Buffer | string> {
  let state = seed;
  for (let sent = 0; sent < totalBytes; ) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const wanted = state % 3 === 0 ? state % 200_000 : state % 3_000;
    const size = Math.min(totalBytes - sent, wanted + 1);
    const piece = Buffer.alloc(size, createHash("sha256").update(`${state}`).digest());
    yield state % 5 === 0 ? piece.toString("latin1") : piece;
    sent += size;
  }
}

function digestOf(all: Iterable<Buffer | string>): string {
  const hash = createHash("sha256");
  for (const piece of all)
    hash.update(typeof piece === "string" ? Buffer.from(piece, "latin1") : piece);
  return hash.digest("hex");
}

/** Resolves when bytes wait in the queue and none of them went to the kernel for a while. */
async function stalled(transport: Transport): Promise<void> {
  for (let unchanged = 0, last = -1; unchanged < 20; ) {
    await Bun.sleep(5);
    const isSame = transport.queuedBytes > 0 && transport.bytesWritten === last;
    unchanged = isSame ? unchanged + 1 : 0;
    last = transport.bytesWritten;
  }
}

function tinySocket(): number {
  const { fd } = openListeningSocket({ host: "127.0.0.1", port: 0 });
  for (const option of [SO_SNDBUF, SO_RCVBUF])
    libc().setsockopt(fd, SOL_SOCKET, option, Int32Array.of(4096), 4);
  return fd;
}

describe.each<Security>(["plaintext", "TLS"])("over %s", (security) => {
  test("64 MiB arrive unharmed in both directions at once", async () => {
    const { client, server } = await pair(security);
    await Promise.all([client.send(pieces(64 * MiB, 1)), server.send(pieces(64 * MiB, 2))]);
    await Promise.all([client.closed.promise, server.closed.promise]);
    expect(server.digest()).toBe(digestOf(pieces(64 * MiB, 1)));
    expect(client.digest()).toBe(digestOf(pieces(64 * MiB, 2)));
    expect(server.transport.bytesRead).toBe(64 * MiB);
    expect(server.transport.bytesWritten).toBe(64 * MiB);
    expect(client.transport.queuedBytes).toBe(0);
  }, 60_000);

  test("tiny socket buffers change nothing but the speed", async () => {
    const { client, server } = await pair(security, { address: { fd: tinySocket() } });
    await Promise.all([client.send(pieces(4 * MiB, 3)), server.send(pieces(4 * MiB, 4))]);
    expect(await client.closed.promise).toBeUndefined();
    expect(await server.closed.promise).toBeUndefined();
    expect(server.digest()).toBe(digestOf(pieces(4 * MiB, 3)));
    expect(client.digest()).toBe(digestOf(pieces(4 * MiB, 4)));
  }, 60_000);

  test("an answer that is sent after the client has ended arrives whole", async () => {
    const { client, server } = await pair(security);
    client.transport.write("request");
    client.transport.end();
    await server.ended.promise;
    await server.send(pieces(MiB, 5));
    expect(await client.closed.promise).toBeUndefined();
    expect(await server.closed.promise).toBeUndefined();
    expect(client.digest()).toBe(digestOf(pieces(MiB, 5)));
    expect(server.events.at(-1)).toBe("close");
    expect(server.events.filter((event) => event === "close")).toHaveLength(1);
  });

  test("a client may send on after the server has ended", async () => {
    const { client, server } = await pair(security);
    server.transport.write("greeting");
    server.transport.end();
    await client.ended.promise;
    expect(client.text).toBe("greeting");
    await client.send(pieces(MiB, 6));
    expect(await server.closed.promise).toBeUndefined();
    expect(server.digest()).toBe(digestOf(pieces(MiB, 6)));
  });

  test("everything written in one turn arrives in the order in which it was written", async () => {
    const { client, server } = await pair(security);
    client.transport.write("a");
    client.transport.write(Buffer.alloc(40_000, "b"));
    client.transport.write("c");
    client.transport.flush();
    client.transport.write("d");
    client.transport.end();
    await server.ended.promise;
    expect(server.digest()).toBe(digestOf(["a", "b".repeat(40_000), "cd"]));
  });

  test("a paused receiver stops the sender, and loses nothing when it goes on", async () => {
    const { client, server } = await pair(security);
    server.transport.pause();
    const sending = client.send(pieces(32 * MiB, 7));
    await stalled(client.transport);
    expect(server.receivedBytes).toBe(0);
    expect(client.transport.queuedBytes).toBeGreaterThan(64 * 1024);
    expect(client.transport.queuedBytes).toBeLessThan(MiB);
    server.transport.resume();
    await sending;
    await server.ended.promise;
    expect(server.digest()).toBe(digestOf(pieces(32 * MiB, 7)));
  }, 30_000);

  test("the writer is told to stop above the high watermark and to go on below the low one", async () => {
    const { client, server } = await pair(security, {
      watermarks: { highBytes: 1000, lowBytes: 100 },
    });
    server.transport.pause();
    const piece = Buffer.alloc(256 * 1024);
    while (client.transport.write(piece));
    expect(client.transport.queuedBytes).toBeGreaterThan(1000);
    expect(client.events).toEqual([]);
    const drained = client.nextDrain();
    server.transport.resume();
    await drained;
    expect(client.transport.queuedBytes).toBeLessThanOrEqual(100);
    expect(client.events).toEqual(["drain"]);
  });

  test("destroy ends both sides, once, and what is written later is dropped", async () => {
    const { client, server } = await pair(security);
    client.transport.write("before");
    client.transport.flush();
    await server.received(6);
    const why = new NetError("idle-timeout");
    client.transport.destroy(why);
    client.transport.destroy();
    expect(client.transport.isClosed).toBe(true);
    expect(client.transport.write("after")).toBe(false);
    client.transport.end();
    client.transport.resume();
    expect(client.events).toEqual([]);
    expect(await client.closed.promise).toBe(why);
    await server.ended.promise;
    server.transport.end();
    await server.closed.promise;
    expect(server.text).toBe("before");
    expect(client.events).toEqual(["close"]);
    expect(server.events.filter((event) => event === "close")).toHaveLength(1);
    expect(server.transport.write("after")).toBe(false);
  });

  test("a receiver that is attached late is told everything", async () => {
    const accepted = Promise.withResolvers<Transport>();
    const listener = await listen({
      address: { host: "127.0.0.1", port: 0 },
      mode: security === "TLS" ? "tls" : "plain",
      tls: () => serverTls,
      onConnection: accepted.resolve,
    });
    open.push(listener);
    const client = new TransportLog(
      await connect({
        address: listener.address,
        ...(security === "TLS" && { tls: clientTls }),
      }),
    );
    client.transport.write("early");
    client.transport.end();
    const transport = await accepted.promise;
    await Bun.sleep(20);
    const server = new TransportLog(transport);
    await server.ended.promise;
    expect(server.text).toBe("early");
    transport.end();
    expect(await server.closed.promise).toBeUndefined();
  });

  test("another receiver takes over in the middle of a stream", async () => {
    const { client, server } = await pair(security);
    client.transport.write("first");
    client.transport.flush();
    await server.received(5);
    const next = new TransportLog(server.transport);
    client.transport.write("second");
    client.transport.end();
    await next.ended.promise;
    expect([server.text, next.text]).toEqual(["first", "second"]);
  });
});

describe.each<Security>(["plaintext", "TLS"])("a transport over %s", (security) => {
  test("that is reset tells so to its peer, who would take another end for an orderly one", async () => {
    const { client, server } = await pair(security);
    client.transport.write("half of");
    client.transport.flush();
    await server.received(7);
    client.transport.reset();
    client.transport.reset();
    expect((await server.closed.promise)?.code).toBe("reset");
    expect([server.events, server.text]).toEqual([["data", "close"], "half of"]);
    expect(await client.closed.promise).toBeUndefined();
    expect(client.transport.isClosed).toBe(true);
  });
});

test("a reset by the peer is told as such", async () => {
  const accepted = Promise.withResolvers<TransportLog>();
  const listener = await listen({
    address: { host: "127.0.0.1", port: 0 },
    mode: "plain",
    onConnection: (transport) => accepted.resolve(new TransportLog(transport)),
  });
  open.push(listener);
  const socket = connectSocket(listener.address.port, "127.0.0.1", () => socket.write("x"));
  const server = await accepted.promise;
  await server.received(1);
  socket.resetAndDestroy();
  expect((await server.closed.promise)?.code).toBe("reset");
  expect(server.events).toEqual(["data", "close"]);
});

test("a reset while our queue is full is told once, and the queue is given up", async () => {
  const accepted = Promise.withResolvers<TransportLog>();
  const listener = await listen({
    address: { host: "127.0.0.1", port: 0 },
    mode: "plain",
    onConnection: (transport) => accepted.resolve(new TransportLog(transport)),
  });
  open.push(listener);
  const socket = connectSocket(listener.address.port, "127.0.0.1");
  const server = await accepted.promise;
  while (server.transport.write(Buffer.alloc(100_000)));
  socket.resetAndDestroy();
  expect((await server.closed.promise)?.code).toBe("reset");
  expect(server.events).toEqual(["close"]);
  expect(server.transport.queuedBytes).toBe(0);
});
