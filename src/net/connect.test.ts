import { afterEach, describe, expect, test } from "bun:test";
import { createServer, type Server } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { SpiffeError } from "#core/spiffe/spiffe-error.ts";
import { meshAuthority, spiffeIdOf } from "../../test/support/mesh-tls.ts";
import { tempDir } from "../../test/support/temp-dir.ts";
import { TransportLog } from "../../test/support/transport-log.ts";
import { type ClientTls, connect } from "./connect.ts";
import type { KeepaliveProbes } from "./keepalive-probes.ts";
import { libc } from "./libc.ts";
import { type Listener, type ListenMode, listen } from "./listener.ts";
import { openListeningSocket } from "./listening-socket.ts";
import { NetError } from "./net-error.ts";
import { createTlsContext } from "./tls-context.ts";
import type { Transport } from "./transport.ts";

const mesh = meshAuthority();
const stranger = meshAuthority();
const clientTls: ClientTls = {
  context: createTlsContext(mesh.credentials("pay")),
  serverName: "web.shop",
  alpn: ["h2", "http/1.1"],
  verifyPeer: mesh.verify("server"),
};

const open: { close(): unknown }[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

/** Starts a listener that answers every connection with a greeting. */
async function greeter(
  mode: ListenMode,
  authority = mesh,
  alpn: readonly string[] = ["h2"],
): Promise<Listener> {
  const listener = await listen({
    address: { host: "127.0.0.1", port: 0 },
    mode,
    tls: () => ({
      context: createTlsContext(authority.credentials("web")),
      clientCertificate: "request",
      verifyPeer: mesh.verify("client"),
      alpn,
    }),
    onConnection: (transport) => {
      new TransportLog(transport);
      transport.write("hello");
      transport.end();
    },
  });
  open.push(listener);
  return listener;
}

async function rawServer(server: Server): Promise<{ host: string; port: number }> {
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return { host: "127.0.0.1", port: typeof address === "object" ? (address?.port ?? 0) : 0 };
}

/** What the kernel says of time, interval and number. */
function probesOf(transport: Transport): readonly number[] {
  const descriptor = Number(Reflect.get(transport, "descriptor"));
  return [4, 5, 6].map((option) => {
    const [value, size] = [new Int32Array(1), Uint32Array.of(4)];
    expect(libc().getsockopt(descriptor, 6, option, value, size)).toBe(0);
    return value[0] ?? 0;
  });
}

async function failureOf(attempt: Promise<unknown>): Promise<NetError> {
  const error = await attempt.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (error instanceof NetError) return error;
  throw new Error("no NetError came", { cause: error });
}

describe("without TLS", () => {
  test("connects to an address", async () => {
    const { address } = await greeter("plain");
    const transport = await connect({ address });
    const log = new TransportLog(transport);
    await log.ended.promise;
    expect(log.text).toBe("hello");
    expect(transport.remote).toEqual({ host: "127.0.0.1", port: address.port });
    expect(transport.local.host).toBe("127.0.0.1");
    expect(transport.tls).toBeUndefined();
    transport.end();
    expect(await log.closed.promise).toBeUndefined();
  });

  test("looks a name up", async () => {
    const { address } = await greeter("plain");
    const transport = await connect({ address: { host: "localhost", port: address.port } });
    expect(transport.remote.host).toBe("127.0.0.1");
    transport.destroy();
  });

  test("connects to whichever address of a name answers", async () => {
    const { address } = await greeter("plain");
    const lookup = async () => ["127.0.0.2", "127.0.0.1"]; // nobody listens at the first
    const transport = await connect({ address: { host: "any.test", port: address.port }, lookup });
    expect(transport.remote).toEqual({ host: "127.0.0.1", port: address.port });
    transport.destroy();
  });

  test("sets the probes that it is told, and the system's for the others", async () => {
    const { address } = await greeter("plain");
    const probes = async (tcpKeepalive: KeepaliveProbes) => {
      const transport = await connect({ address, tcpKeepalive });
      const all = probesOf(transport);
      transport.destroy();
      return all;
    };
    expect(await probes({ probes: 3, timeS: 7, intervalS: 2 })).toEqual([7, 2, 3]);
    expect(await probes({ timeS: 7 })).toEqual([7, 75, 9]);
    expect(await probes({})).toEqual([7_200, 75, 9]);
  });

  test("connects to a Unix socket", async () => {
    await using dir = await tempDir();
    const path = `${dir.path}/socket`;
    const listener = await listen({
      address: { path },
      mode: "plain",
      onConnection: (transport) => {
        new TransportLog(transport);
        transport.write("hello");
        transport.end();
      },
    });
    open.push(listener);
    const transport = await connect({ address: { path } });
    const log = new TransportLog(transport);
    await log.ended.promise;
    expect(log.text).toBe("hello");
    expect(transport.remote).toEqual({ host: "", port: 0, path });
    transport.end();
  });
});

describe("a failure tells apart", () => {
  test("a name without an address, and one that cannot be looked up", async () => {
    const address = { host: "none.test", port: 80 };
    const empty = await failureOf(connect({ address, lookup: async () => [] }));
    expect(empty.code).toBe("dns-failed");
    const lookup = () => Promise.reject(new Error("the resolver is ill"));
    const error = await failureOf(connect({ address, lookup }));
    expect(error.code).toBe("dns-failed");
    expect(error.message).toContain("none.test:80 (the resolver is ill)");
  });

  test("an address where nothing listens", async () => {
    const { port, close } = openListeningSocket({ host: "127.0.0.1", port: 0 });
    close();
    const error = await failureOf(connect({ address: { host: "127.0.0.1", port } }));
    expect(error.code).toBe("connect-refused");
    expect(error.message).toContain(`127.0.0.1:${port}`);
  });

  test("a Unix socket that does not exist", async () => {
    const error = await failureOf(connect({ address: { path: "/nonexistent/socket" } }));
    expect(error.code).toBe("connect-refused");
  });

  test("a name without an address", async () => {
    const error = await failureOf(connect({ address: { host: "no-such-host.invalid", port: 80 } }));
    expect(error.code).toBe("dns-failed");
  });

  test("none from a time limit that is longer than any timer", async () => {
    const { address } = await greeter("plain");
    const transport = await connect({ address, connectTimeoutMs: 1_000 * 3_600_000 });
    expect(transport.isClosed).toBe(false);
    transport.destroy();
  });

  test("a server that does not answer in time", async () => {
    // Nobody accepts, and the accept queue of one is full: further connections get no answer.
    const server = openListeningSocket({ host: "127.0.0.1", port: 0 }, 0);
    open.push(server);
    const address = { host: "127.0.0.1", port: server.port };
    const filling = [await connect({ address })];
    let error: NetError | undefined;
    while (!error && filling.length < 10) {
      const attempt = connect({ address, connectTimeoutMs: 200 });
      await attempt.then(
        (transport) => filling.push(transport),
        async () => {
          error = await failureOf(attempt);
        },
      );
    }
    expect(error?.code).toBe("connect-timeout");
    for (const transport of filling) transport.destroy();
  });

  test("an attempt that its caller gave up", async () => {
    const { address } = await greeter("plain");
    const abort = new AbortController();
    const attempt = connect({ address, signal: abort.signal });
    abort.abort();
    expect((await failureOf(attempt)).code).toBe("drained");
    const later = connect({ address, signal: abort.signal });
    expect((await failureOf(later)).code).toBe("drained");
  });
});

describe("with TLS", () => {
  test("shows our certificate, learns the server's identity and protocol", async () => {
    const { address } = await greeter("tls");
    const transport = await connect({ address, tls: clientTls });
    expect(transport.tls).toMatchObject({
      identity: { id: spiffeIdOf("web") },
      alpn: "h2",
      sni: "web.shop",
      version: "TLSv1.3",
    });
    expect(transport.tls?.chainDer).toHaveLength(2);
    const log = new TransportLog(transport);
    await log.ended.promise;
    expect(log.text).toBe("hello");
    transport.end();
    expect(await log.closed.promise).toBeUndefined();
  });

  test("goes without a protocol when the server negotiates none", async () => {
    const { address } = await greeter("tls", mesh, []);
    const transport = await connect({ address, tls: { ...clientTls, serverName: undefined } });
    expect(transport.tls).toMatchObject({ alpn: "", sni: "" });
    transport.destroy();
  });

  test("does not send an IP address as the server's name", async () => {
    const { address } = await greeter("tls");
    const transport = await connect({ address, tls: { ...clientTls, serverName: "127.0.0.1" } });
    expect(transport.tls).toMatchObject({ sni: "" });
    transport.destroy();
  });

  test("refuses a server of another authority with the verifier's reason", async () => {
    const { address } = await greeter("tls", stranger);
    const error = await failureOf(connect({ address, tls: clientTls }));
    expect(error.code).toBe("peer-refused");
    expect(error.cause).toBeInstanceOf(SpiffeError);
  });

  test("refuses a server that the caller did not expect", async () => {
    const { address } = await greeter("tls");
    const mismatch = new SpiffeError("identity-mismatch", "expected another one");
    const verifyPeer = (chainDer: readonly Uint8Array[]) => {
      clientTls.verifyPeer(chainDer);
      throw mismatch;
    };
    const error = await failureOf(connect({ address, tls: { ...clientTls, verifyPeer } }));
    expect(error).toMatchObject({ code: "peer-refused", cause: mismatch });
  });

  test("fails against a server that speaks something else", async () => {
    const address = await rawServer(createServer((socket) => socket.write("220 ready\r\n")));
    const error = await failureOf(connect({ address, tls: clientTls }));
    expect(error.code).toBe("tls-handshake-failed");
  });

  test("fails against a server that hangs up", async () => {
    const server = createServer((socket) => socket.once("data", () => socket.destroy()));
    const error = await failureOf(connect({ address: await rawServer(server), tls: clientTls }));
    expect(error.code).toBe("tls-handshake-failed");
  });

  test("fails against a server that has only old ciphers", async () => {
    const { certificateChainPem: cert, privateKeyPem: key } = mesh.credentials("web");
    const ciphers = "ECDHE-ECDSA-AES128-SHA";
    const server = createTlsServer({ cert, key, ciphers, maxVersion: "TLSv1.2" });
    server.on("tlsClientError", () => undefined);
    const error = await failureOf(connect({ address: await rawServer(server), tls: clientTls }));
    expect(error.code).toBe("tls-handshake-failed");
  });

  test("gives up a server that accepts and stays silent", async () => {
    const address = await rawServer(createServer((socket) => socket.resume()));
    const error = await failureOf(connect({ address, tls: clientTls, handshakeTimeoutMs: 30 }));
    expect(error.code).toBe("tls-handshake-timeout");
  });

  test("a certificate that its server refuses closes the connection after the handshake", async () => {
    const { address } = await greeter("tls");
    const tls = { ...clientTls, context: createTlsContext(stranger.credentials("pay")) };
    // In TLS 1.3 the client is done before the server has looked at its certificate.
    const log = new TransportLog(await connect({ address, tls }));
    await Promise.race([log.ended.promise, log.closed.promise]);
    expect(log.text).toBe("");
    log.transport.destroy();
  });
});
