import { afterEach, describe, expect, test } from "bun:test";
import { connect as connectSocket } from "node:net";
import { connect as connectTls } from "node:tls";
import { meshAuthority } from "../../test/support/mesh-tls.ts";
import { TransportLog } from "../../test/support/transport-log.ts";
import { connect } from "./connect.ts";
import { libc, SOL_SOCKET } from "./libc.ts";
import { type Listener, listen } from "./listener.ts";
import { nativeSocketsWork } from "./native-check.ts";
import { NativeTransport } from "./native-transport.ts";
import { createTlsContext } from "./tls-context.ts";
import type { Transport } from "./transport.ts";
import { streamKind } from "./transport-over.ts";

const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const TCP_KEEPIDLE = 4;
const SO_KEEPALIVE = 9;

const mesh = meshAuthority();
const tls = {
  context: createTlsContext(mesh.credentials("web")),
  clientCertificate: "require" as const,
  verifyPeer: mesh.verify("client"),
  alpn: ["h2"],
};

const open: Listener[] = [];
afterEach(async () => {
  for (const listener of open.splice(0)) await listener[Symbol.asyncDispose]();
});

async function start(mode: "plain" | "either" | "tls") {
  const accepted: Transport[] = [];
  let next = Promise.withResolvers<Transport>();
  const listener = await listen({
    address: { host: "127.0.0.1", port: 0 },
    mode,
    tls: () => tls,
    onConnection: (transport) => {
      accepted.push(transport);
      next.resolve(transport);
      next = Promise.withResolvers();
    },
  });
  open.push(listener);
  return { listener, accepted, next: () => next.promise };
}

function optionOf(transport: Transport, level: number, option: number): number {
  const value = new Int32Array(1);
  const descriptor = transport instanceof NativeTransport ? transport.descriptor : -1;
  expect(libc().getsockopt(descriptor, level, option, value, Uint32Array.of(4))).toBe(0);
  return value[0] ?? 0;
}

test("this runtime's sockets pass the check, well within a start", async () => {
  const before = performance.now();
  expect(await nativeSocketsWork()).toBe(true);
  expect(performance.now() - before).toBeLessThan(200);
  expect(await streamKind()).toBe("native");
});

test("both sides of plaintext are native and have the same socket options", async () => {
  const { listener, next } = await start("plain");
  const accepting = next();
  const client = await connect({ address: listener.address });
  const server = await accepting;
  for (const transport of [client, server]) {
    expect(optionOf(transport, IPPROTO_TCP, TCP_NODELAY)).toBe(1);
    expect(optionOf(transport, SOL_SOCKET, SO_KEEPALIVE)).toBe(1);
    expect(optionOf(transport, IPPROTO_TCP, TCP_KEEPIDLE)).toBe(60);
  }
  client.destroy();
});

test("both sides of TLS are native once the peer is verified, and the listener hears of their end", async () => {
  const { listener, next } = await start("either");
  const accepting = next();
  const verifyPeer = mesh.verify("server");
  const client = await connect({
    address: listener.address,
    tls: { ...tls, serverName: "web.shop", verifyPeer },
  });
  const server = new TransportLog(await accepting);
  expect(client).toBeInstanceOf(NativeTransport);
  expect(server.transport).toBeInstanceOf(NativeTransport);
  expect(listener.connectionCount).toBe(1);
  client.write("last words");
  client.end();
  await server.ended.promise;
  expect(server.text).toBe("last words");
  server.transport.end();
  await server.closed.promise;
  expect(listener.connectionCount).toBe(0);
  client.destroy();
});

test("a plain listener that has to look for TLS from now on keeps its connections and its port", async () => {
  const { listener, next } = await start("plain");
  const first = next();
  const before = connectSocket(listener.address.port, "127.0.0.1");
  const kept = new TransportLog(await first);
  listener.setMode("either");

  const second = next();
  const { certificateChainPem: cert, privateKeyPem: key } = mesh.credentials("pay");
  const { port } = listener.address;
  const secured = connectTls({ port, host: "127.0.0.1", cert, key, rejectUnauthorized: false });
  expect((await second).tls).toBeDefined();
  before.write("still here");
  await kept.received(10);
  expect(listener.connectionCount).toBe(2);

  listener.setMode("plain");
  const third = next();
  const silent = connectSocket(port, "127.0.0.1");
  expect((await third).tls).toBeUndefined();
  for (const socket of [before, secured, silent]) socket.destroy();
});

test("what arrives while nobody reads is told later, in order, the end last", async () => {
  const { listener, next } = await start("plain");
  const accepting = next();
  const client = await connect({ address: listener.address });
  const transport = await accepting;
  client.write("a".repeat(100_000));
  client.end();
  const server = new TransportLog(transport);
  transport.pause();
  transport.end();
  const other = new TransportLog(client);
  await other.ended.promise;
  expect(server.events).toEqual([]);
  transport.resume();
  expect(await server.closed.promise).toBeUndefined();
  expect(server.receivedBytes).toBe(100_000);
  expect(server.events).toEqual(["data", "end", "close"]);
});

describe.each(["plain", "tls"] as const)("in %s, a peer that reset the connection", (mode) => {
  async function pair() {
    const { listener, next } = await start(mode);
    const accepting = next();
    const { address } = listener;
    const client = await connect(
      mode === "plain"
        ? { address }
        : { address, tls: { ...tls, serverName: "web.shop", verifyPeer: mesh.verify("server") } },
    );
    const transport = await accepting;
    return { client, transport, server: new TransportLog(transport) };
  }

  test("is noticed by a write although nobody reads, and nothing is told after that", async () => {
    const { client, transport, server } = await pair();
    transport.pause();
    client.write("unread");
    client.reset();
    transport.write("an answer");
    expect((await server.closed.promise)?.code).toBe("reset");
    transport.resume();
    await Bun.sleep(20);
    expect(server.events).toEqual(["close"]);
  });

  test("is noticed when reading stops after the write that failed", async () => {
    const { client, transport, server } = await pair();
    client.reset();
    transport.write("x".repeat(100_000)); // at once: more than the high watermark
    transport.pause();
    expect((await server.closed.promise)?.code).toBe("reset");
  });
});

test("what a receiver throws is not swallowed", async () => {
  const child = Bun.spawn(
    [
      process.execPath,
      "-e",
      `const { listen } = await import("${import.meta.dir}/listener.ts");
       const { connect } = await import("${import.meta.dir}/connect.ts");
       const ignore = () => undefined;
       const fail = () => { throw new Error("a mistake of the receiver"); };
       const { address } = await listen({ address: { host: "127.0.0.1", port: 0 }, mode: "plain",
         onConnection: (it) => it.attach({ onData: fail, onEnd: ignore, onDrain: ignore, onClose: ignore }) });
       (await connect({ address })).write("x");`,
    ],
    { stdio: ["ignore", "ignore", "pipe"], timeout: 10_000 },
  );
  expect(await child.stderr.text()).toContain("a mistake of the receiver");
  expect(await child.exited).toBe(1);
});
