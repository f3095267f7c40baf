// Connections that are not HTTP through two proxies, by mutual TLS: ends of one direction, broken ends, and TLS of the
// application's own inside.
import { describe, expect, test } from "bun:test";
import { type AddressInfo, createConnection, type Socket } from "node:net";
import { connect as connectTls, createServer as createTlsServer, type TLSSocket } from "node:tls";
import type { ConnectionRoutes } from "#config/connection-routes.ts";
import { testCa, testSvid } from "../support/certificates.ts";
import { eventually } from "../support/eventually.ts";
import {
  destination,
  endpoint,
  inboundCluster,
  inboundListener,
  outboundResources,
  resource,
  upstreamListener,
} from "../support/proxy-config.ts";
import { pair } from "../support/proxy-pair.ts";
import { rawServer } from "../support/raw-server.ts";
import { freshIssuer, idOf, runPlane } from "../support/running-plane.ts";

const MIB = 1024 * 1024;

/** One end of a connection, and what came. */
function watched(socket: Socket) {
  const end = { socket, bytes: 0, text: "", hasEnded: false, isBroken: false, isClosed: false };
  socket.on("data", (bytes: Buffer) => {
    end.bytes += bytes.length;
    if (end.text.length < 1_000) end.text += bytes.toString("latin1");
  });
  socket.on("end", () => {
    end.hasEnded = true;
  });
  socket.on("error", () => {
    end.isBroken = true;
  });
  socket.on("close", () => {
    end.isClosed = true;
  });
  return end;
}

/** A caller, and the application's end of the same connection. */
async function joined() {
  const ends: ReturnType<typeof watched>[] = [];
  const app = await rawServer((socket) => ends.push(watched(socket)));
  const mesh = await pair({ appPort: app.port, content: "tcp" });
  const caller = watched(
    createConnection({ port: mesh.port, host: "127.0.0.1", allowHalfOpen: true }),
  );
  caller.socket.write("hello");
  await eventually(() => ends[0]?.text === "hello");
  const server = ends[0];
  if (server === undefined) throw new Error("nobody came");
  return {
    caller,
    server,
    mesh,
    [Symbol.asyncDispose]: async () => {
      caller.socket.destroy();
      await mesh[Symbol.asyncDispose]();
      await app[Symbol.asyncDispose]();
    },
  };
}

describe("the end of one direction leaves the other open", () => {
  test.each(["caller", "server"] as const)("when the %s is done first", async (first) => {
    await using both = await joined();
    const done = both[first];
    const other = both[first === "caller" ? "server" : "caller"];
    const before = done.bytes;
    done.socket.end("last words");
    await eventually(() => other.hasEnded);
    expect(other.text).toEndWith("last words");
    expect([done.hasEnded, done.isClosed]).toEqual([false, false]);
    for (let i = 0; i < 8; i++) other.socket.write(Buffer.alloc(MIB, "x"));
    await eventually(() => done.bytes - before === 8 * MIB);
    other.socket.end();
    await eventually(() => done.hasEnded && done.isClosed && other.isClosed);
    expect([done.isBroken, other.isBroken]).toEqual([false, false]);
    await eventually(async () => (await both.mesh.web.log()).length === 1);
    expect((await both.mesh.web.log())[0]).toMatchObject({ protocol: "TCP", response_flags: "-" });
  });
});

test.each(["caller", "server"] as const)(
  "when the %s breaks off, the other end breaks",
  async (who) => {
    await using both = await joined();
    const other = both[who === "caller" ? "server" : "caller"];
    both[who].socket.resetAndDestroy();
    await eventually(() => other.isClosed);
    await eventually(async () => (await both.mesh.web.log()).length === 1);
    const [line] = await both.mesh.web.log();
    expect(line?.response_flags).toBe(who === "caller" ? "DC" : "UC");
  },
);

/** A server of an application that speaks TLS itself. */
async function tlsServer(name: string) {
  const now = Date.now();
  const validity = { notBeforeMs: now - 3_600_000, notAfterMs: now + 3_600_000 };
  const root = testCa(validity);
  const { pem, privateKey } = testSvid(root, `spiffe://outside/${name}`, validity);
  const key = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const sockets = new Set<TLSSocket>();
  const server = createTlsServer({ cert: pem, key }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("data", (bytes) => socket.write(`${name}:${socket.servername}:${bytes}`));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    root: root.pem,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

test("TLS of the application's own passes unopened, to the server that its name means", async () => {
  await using eu = await tlsServer("eu");
  await using us = await tlsServer("us");
  const issuer = freshIssuer();
  const inbound = async (port: number) => {
    const name = `inbound|${port}`;
    const listener = { ...inboundListener(port, "strict"), content: "tcp" } as const;
    const resources = [resource("listener", listener), resource("cluster", inboundCluster(port))];
    const plane = await runPlane({ name: "db", issuer, sockets: [name], resources });
    const facts = { identities: [idOf("db")], transports: ["istio-mtls"] } as const;
    return { plane, to: endpoint(plane.port(name), facts) };
  };
  const [first, second] = await Promise.all([inbound(eu.port), inbound(us.port)]);
  const transport = { kind: "mtls", sni: "db", extraIdentities: [] } as const;
  const toNames = (serverName: string, cluster: string) => ({
    serverNames: [serverName],
    subnets: [],
    clusters: [{ cluster, weight: 1 }],
  });
  const connections: ConnectionRoutes = {
    content: "tls",
    addresses: [],
    tls: [toNames("*.eu.test", "eu"), toNames("us.test", "us")],
    tcp: [],
  };
  const web = await runPlane({
    name: "web",
    issuer,
    sockets: ["upstream|1"],
    resources: outboundResources(
      [
        destination("eu", [first.to], { cluster: { transport }, connections }),
        destination("us", [second.to], { cluster: { transport } }),
      ],
      upstreamListener("upstream|1", "eu"),
    ),
  });
  const ask = (servername: string, root: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket: TLSSocket = connectTls(
        {
          host: "127.0.0.1",
          port: web.port("upstream|1"),
          servername,
          ca: root,
          checkServerIdentity: () => undefined,
        },
        () => socket.write("hello"),
      );
      socket.on("error", reject);
      socket.once("data", (bytes) => {
        resolve(String(bytes));
        socket.destroy();
      });
    });
  expect(await ask("db.eu.test", eu.root)).toBe("eu:db.eu.test:hello");
  expect(await ask("us.test", us.root)).toBe("us:us.test:hello");
  // The certificate is the application's own: nobody on the way can have opened it.
  await expect(ask("us.test", eu.root)).rejects.toThrow();
  await expect(ask("elsewhere.test", eu.root)).rejects.toThrow();
  await eventually(async () => {
    const lines = await web.log();
    return lines.some((line) => line.weft_error === "no-route" && line.response_flags === "NR");
  });
  for (const plane of [web, first.plane, second.plane]) await plane[Symbol.asyncDispose]();
});
