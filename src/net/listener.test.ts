import { afterEach, describe, expect, test } from "bun:test";
import { connect as connectSocket, type Socket } from "node:net";
import { connect as connectTls, createSecureContext, type TLSSocket } from "node:tls";
import { SpiffeError } from "#core/spiffe/spiffe-error.ts";
import { meshAuthority, spiffeIdOf } from "../../test/support/mesh-tls.ts";
import { TransportLog } from "../../test/support/transport-log.ts";
import type { ServerTls } from "./accept-tls.ts";
import { type Listener, type ListenOptions, listen } from "./listener.ts";
import { openListeningSocket } from "./listening-socket.ts";
import type { NetError } from "./net-error.ts";
import { createTlsContext } from "./tls-context.ts";
import type { SocketAddress } from "./transport.ts";

const mesh = meshAuthority();
const stranger = meshAuthority();
const context = createTlsContext(mesh.credentials("web"));
const serverTls: ServerTls = {
  context,
  clientCertificate: "require",
  verifyPeer: mesh.verify("client"),
  alpn: ["h2", "http/1.1"],
};

const open: Listener[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const listener of open.splice(0)) await listener[Symbol.asyncDispose]();
});

interface Refusal {
  readonly error: NetError;
  readonly remote: SocketAddress;
}

/** A listener whose connections and refusals can be awaited, in order. */
async function start(options: Partial<ListenOptions> = {}) {
  const connections = new Waiting<TransportLog>();
  const refusals = new Waiting<Refusal>();
  const listener = await listen({
    address: { host: "127.0.0.1", port: 0 },
    mode: "either",
    tls: () => serverTls,
    onConnection: (transport) => connections.put(new TransportLog(transport)),
    onRefused: (error, remote) => refusals.put({ error, remote }),
    ...options,
  });
  open.push(listener);
  return { listener, connections, refusals, port: listener.address.port };
}

class Waiting<T> {
  readonly #items: T[] = [];
  readonly #takers: ((item: T) => void)[] = [];

  put(item: T): void {
    const taker = this.#takers.shift();
    if (taker) taker(item);
    else this.#items.push(item);
  }

  take(): Promise<T> {
    const item = this.#items.shift();
    return item === undefined
      ? new Promise((resolve) => this.#takers.push(resolve))
      : Promise.resolve(item);
  }
}

function plainClient(port: number, first = ""): Socket {
  const socket = connectSocket({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.on("error", () => undefined);
  if (first !== "") socket.write(first);
  sockets.push(socket);
  return socket;
}

type ClientOptions = Parameters<typeof connectTls>[0];

function tlsClient(port: number, options: ClientOptions): TLSSocket {
  const socket = connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false, ...options });
  socket.on("error", () => undefined);
  sockets.push(socket);
  return socket;
}

function credentials(authority = mesh, account = "pay"): ClientOptions {
  const { certificateChainPem: cert, privateKeyPem: key } = authority.credentials(account);
  return { cert, key };
}

/** The server gave the connection up. */
const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    socket.resume().once("close", () => resolve());
    socket.once("end", () => socket.destroy());
  });

const dataOf = (socket: Socket): Promise<string> =>
  new Promise((resolve) => socket.once("data", (bytes) => resolve(String(bytes))));

describe("one port for TLS and plaintext", () => {
  test("hands a plaintext connection over with its first bytes", async () => {
    const { port, connections } = await start();
    const socket = plainClient(port, "GET / HTTP/1.1\r\n");
    const server = await connections.take();
    await server.received(16);
    expect(server.text).toBe("GET / HTTP/1.1\r\n");
    expect(server.transport.tls).toBeUndefined();
    expect(server.transport.remote).toEqual({ host: "127.0.0.1", port: socket.localPort ?? 0 });
    expect(server.transport.local).toEqual({ host: "127.0.0.1", port });
  });

  test("hands a TLS connection over with what the handshake established", async () => {
    const { port, connections } = await start();
    const client = tlsClient(port, {
      ...credentials(),
      servername: "web.shop",
      ALPNProtocols: ["http/1.1", "h2"],
    });
    client.write("hello");
    const server = await connections.take();
    await server.received(5);
    expect(server.text).toBe("hello");
    expect(server.transport.tls).toMatchObject({
      identity: { id: spiffeIdOf("pay") },
      alpn: "h2",
      sni: "web.shop",
      version: "TLSv1.3",
    });
    expect(server.transport.tls?.chainDer).toHaveLength(2);
    expect(server.transport.remote).toEqual({ host: "127.0.0.1", port: client.localPort ?? 0 });
    server.transport.write("welcome");
    expect(await dataOf(client)).toBe("welcome");
  });

  test("detects a handshake whose first bytes come one at a time", async () => {
    const { port, connections } = await start();
    const relay = connectSocket(port, "127.0.0.1");
    sockets.push(relay);
    const { Duplex } = await import("node:stream");
    const byByte = new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        const next = (at: number): void => {
          if (at === chunk.length) done();
          else relay.write(chunk.subarray(at, at + 1), () => setImmediate(next, at + 1));
        };
        next(0);
      },
    });
    relay.setNoDelay(true).on("data", (bytes) => byByte.push(bytes));
    const client = connectTls({ socket: byByte, rejectUnauthorized: false, ...credentials() });
    client.on("error", () => undefined);
    client.write("hi");
    const server = await connections.take();
    await server.received(2);
    expect(server.text).toBe("hi");
    client.destroy();
  });

  test("closes a connection that says nothing for too long", async () => {
    const { port, refusals } = await start({ detectionTimeoutMs: 20 });
    const socket = plainClient(port);
    expect((await refusals.take()).error.code).toBe("detection-timeout");
    await closed(socket);
  });

  test("hands a silent connection over where servers may speak first", async () => {
    const { port, connections } = await start({ detectionTimeoutMs: 20, onSilence: "plain" });
    const socket = plainClient(port);
    const server = await connections.take();
    server.transport.write("220 ready");
    expect(await dataOf(socket)).toBe("220 ready");
    socket.write("EHLO");
    await server.received(4);
    expect(server.text).toBe("EHLO");
  });

  test("a connection that is closed without a byte is refused, not kept", async () => {
    const { port, refusals, listener } = await start();
    plainClient(port).end();
    expect((await refusals.take()).error.code).toBe("closed");
    await listener.drained(10_000);
    expect(listener.connectionCount).toBe(0);
  });
});

test("a plain listener lets the server speak first and looks at no byte", async () => {
  const { port, connections } = await start({ mode: "plain" });
  const socket = plainClient(port);
  const server = await connections.take();
  server.transport.write("220 ready");
  expect(await dataOf(socket)).toBe("220 ready");
  socket.write("\x16\x03\x01");
  await server.received(3);
  expect(server.text).toBe("\x16\x03\x01");
});

test("a TLS listener refuses plaintext and tells who sent it", async () => {
  const { port, refusals } = await start({ mode: "tls" });
  const socket = plainClient(port, "GET / HTTP/1.1\r\n\r\n");
  const { error, remote } = await refusals.take();
  expect(error.code).toBe("tls-handshake-failed");
  expect(remote).toEqual({ host: "127.0.0.1", port: socket.localPort ?? 0 });
  await closed(socket);
});

test("a mode that is changed holds from the next connection on", async () => {
  const { port, listener, connections, refusals } = await start();
  plainClient(port, "one");
  const first = await connections.take();
  listener.setMode("tls");
  plainClient(port, "two");
  expect((await refusals.take()).error.code).toBe("tls-handshake-failed");
  first.transport.write("still here");
  expect(first.transport.isClosed).toBe(false);
});

describe("the client's certificate", () => {
  test("of a stranger is refused with the verifier's reason, before any byte is handed on", async () => {
    const { port, refusals, listener } = await start();
    const client = tlsClient(port, credentials(stranger));
    client.write("secret");
    const { error, remote } = await refusals.take();
    expect(error.code).toBe("peer-refused");
    expect(error.cause).toBeInstanceOf(SpiffeError);
    expect(remote.port).toBe(client.localPort ?? 0);
    await closed(client);
    await listener.drained(10_000);
  });

  test("is refused when it is not shown though required", async () => {
    const { port, refusals } = await start();
    tlsClient(port, {});
    expect((await refusals.take()).error).toMatchObject({ code: "peer-refused" });
  });

  test("may be missing when it is only requested", async () => {
    const tls = { ...serverTls, clientCertificate: "request" as const };
    const { port, connections } = await start({ tls: () => tls });
    tlsClient(port, {}).write("x");
    const { transport } = await connections.take();
    expect(transport.tls).toMatchObject({ identity: undefined, chainDer: [] });
  });

  test("of a stranger is refused when it is only requested", async () => {
    const tls = { ...serverTls, clientCertificate: "request" as const };
    const { port, refusals } = await start({ tls: () => tls });
    tlsClient(port, credentials(stranger));
    expect((await refusals.take()).error.code).toBe("peer-refused");
  });

  test("is not asked for when nobody wants it", async () => {
    const tls = { ...serverTls, clientCertificate: "none" as const };
    const { port, connections } = await start({ tls: () => tls });
    tlsClient(port, credentials()).write("x");
    expect((await connections.take()).transport.tls?.chainDer).toEqual([]);
  });
});

describe("the handshake", () => {
  test.each([
    ["a cipher of CBC mode", { maxVersion: "TLSv1.2", ciphers: "ECDHE-ECDSA-AES128-SHA" }],
    ["TLS 1.1", { minVersion: "TLSv1", maxVersion: "TLSv1.1" }],
    ["an ALPN list without a common protocol", { ALPNProtocols: ["spdy/3"] }],
  ] as const)("with %s fails", async (_name, options) => {
    const { port, refusals } = await start();
    tlsClient(port, { ...credentials(), ...options } as ClientOptions);
    expect((await refusals.take()).error.code).toBe("tls-handshake-failed");
  });

  test("with TLS 1.2 and an AEAD cipher succeeds", async () => {
    const { port, connections } = await start();
    tlsClient(port, { ...credentials(), maxVersion: "TLSv1.2" }).write("x");
    const { tls } = (await connections.take()).transport;
    expect(tls).toMatchObject({ version: "TLSv1.2", identity: { id: spiffeIdOf("pay") } });
    expect(tls?.cipher).toContain("GCM");
  });

  test("that stops half-way is given up", async () => {
    const { port, refusals } = await start({ handshakeTimeoutMs: 20 });
    const socket = plainClient(port, "\x16\x03\x01\x02\x00\x01");
    expect((await refusals.take()).error.code).toBe("tls-handshake-timeout");
    await closed(socket);
  });

  test("of a client that goes away is given up at once", async () => {
    const { port, refusals } = await start();
    const socket = plainClient(port, "\x16\x03\x01\x02\x00\x01");
    socket.once("connect", () => setImmediate(() => socket.resetAndDestroy()));
    expect(["tls-handshake-failed", "reset"]).toContain((await refusals.take()).error.code);
  });

  test("of garbage is refused, and the next client is served", async () => {
    const { port, refusals, connections } = await start();
    const socket = plainClient(port, "\x16\x03\x01\x00\x05garbage and more");
    expect((await refusals.take()).error.code).toBe("tls-handshake-failed");
    await closed(socket);
    tlsClient(port, credentials()).write("x");
    expect((await connections.take()).transport.tls).toBeDefined();
  });

  test.each(["TLSv1.2", "TLSv1.3"] as const)("gives no ticket in %s", async (maxVersion) => {
    const { port, connections } = await start();
    const { certificateChainPem: cert, privateKeyPem: key } = mesh.credentials("pay");
    const shared = createSecureContext({ cert, key, maxVersion });
    const client = tlsClient(port, { secureContext: shared });
    const sessions: Buffer[] = [];
    client.on("session", (session) => sessions.push(session));
    client.write("x");
    const server = await connections.take();
    server.transport.write("y");
    await dataOf(client);
    for (const session of sessions) {
      const again = tlsClient(port, { secureContext: shared, session });
      again.write("x");
      await connections.take();
      expect(again.isSessionReused()).toBe(false);
    }
    if (maxVersion === "TLSv1.3") expect(sessions).toEqual([]);
  });
});

test("a new certificate is shown from the next handshake on, and open connections stay", async () => {
  let tls = serverTls;
  const { port, connections } = await start({ tls: () => tls });
  const before = tlsClient(port, credentials());
  before.write("x");
  const old = await connections.take();
  const serial = before.getPeerCertificate().serialNumber;
  const same = tlsClient(port, credentials());
  same.write("x");
  await connections.take();
  expect(same.getPeerCertificate().serialNumber).toBe(serial);
  tls = { ...serverTls, context: createTlsContext(mesh.credentials("web")) };
  const after = tlsClient(port, credentials());
  after.write("x");
  await connections.take();
  expect(after.getPeerCertificate().serialNumber).not.toBe(serial);
  old.transport.write("still here");
  expect(await dataOf(before)).toBe("still here");
});

test("a changed trust bundle refuses from the next handshake on", async () => {
  let tls = serverTls;
  const { port, connections, refusals } = await start({ tls: () => tls });
  tlsClient(port, credentials()).write("x");
  await connections.take();
  tls = { ...serverTls, verifyPeer: stranger.verify("client") };
  tlsClient(port, credentials()).write("x");
  expect((await refusals.take()).error.code).toBe("peer-refused");
});

test("connections over the cap are closed, and a freed place is used again", async () => {
  const { port, connections, refusals, listener } = await start({
    mode: "plain",
    connectionsMax: 2,
  });
  const first = plainClient(port);
  await connections.take();
  plainClient(port);
  const second = await connections.take();
  const third = plainClient(port);
  expect((await refusals.take()).error.code).toBe("too-many-connections");
  await closed(third);
  expect(listener.connectionCount).toBe(2);
  second.transport.destroy();
  await second.closed.promise;
  plainClient(port);
  await connections.take();
  expect(first.destroyed).toBe(false);
});

describe("a drain", () => {
  test("refuses new connections and waits for the open ones", async () => {
    const { port, connections, listener } = await start({ mode: "plain" });
    const socket = plainClient(port);
    const server = await connections.take();
    let isDrained = false;
    const drained = listener.drained(60_000).then(() => {
      isDrained = true;
    });
    const late = plainClient(port);
    await closed(late);
    expect(isDrained).toBe(false);
    server.transport.write("last words");
    expect(await dataOf(socket)).toBe("last words");
    server.transport.end();
    socket.end();
    await drained;
    expect(await server.closed.promise).toBeUndefined();
  });

  test("destroys what is left at the deadline, with the reason", async () => {
    const { port, connections, listener } = await start();
    tlsClient(port, credentials()).write("x");
    const server = await connections.take();
    plainClient(port);
    await listener.drained(20);
    expect((await server.closed.promise)?.code).toBe("drained");
    expect(listener.connectionCount).toBe(0);
  });

  test("of a listener without connections is over at once, also the second time", async () => {
    const { listener } = await start();
    await listener.drained(60_000);
    await listener.drained(60_000);
    listener.close();
  });
});

describe("an address", () => {
  test("that is taken is told apart", async () => {
    const { port } = await start();
    await expect(start({ address: { host: "127.0.0.1", port } })).rejects.toMatchObject({
      code: "address-in-use",
      message: expect.stringContaining(`127.0.0.1:${port}`),
    });
  });

  test("of an inherited socket is the kernel's", async () => {
    const { fd, port } = openListeningSocket({ host: "127.0.0.1", port: 0 });
    const { listener, connections } = await start({ address: { fd } });
    expect(listener.address.port).toBe(port);
    tlsClient(port, credentials()).write("x");
    expect((await connections.take()).transport.tls).toBeDefined();
  });

  test("of IPv6 works", async () => {
    const { listener, connections, port } = await start({ address: { host: "::1", port: 0 } });
    const socket = connectSocket(port, "::1");
    sockets.push(socket);
    socket.write("x");
    expect((await connections.take()).transport.remote.host).toBe("::1");
    expect(listener.address.host).toBe("::1");
  });
});
