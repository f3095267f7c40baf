import { describe, expect, test } from "bun:test";
import { createServer, Socket } from "node:net";
import { openListeningSocket, openListeningSockets } from "./listening-socket.ts";
import { NetError } from "./net-error.ts";

/** What a child runs: greet one caller on fd 3, then end. */
const CHILD = `
const server = require("node:net").createServer((socket) => socket.end("hello from " + process.pid, () => server.close()));
server.listen({ fd: 3 }, () => process.stdout.write("ready"));
`;

function greetingFrom(host: string, port: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = new Socket();
  let text = "";
  socket.on("data", (bytes) => {
    text += bytes.toString();
  });
  socket.on("end", () => resolve(text));
  socket.on("error", reject);
  socket.connect(port, host);
  return promise;
}

function codeOf(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    if (error instanceof NetError) return { code: error.code, message: error.message };
    throw error;
  }
  return undefined;
}

describe.each(["127.0.0.1", "::1", "0.0.0.0", "::"])("a socket on %s", (host) => {
  test("gets a free port and is served by node:net from its fd", async () => {
    const socket = openListeningSocket({ host, port: 0 });
    expect(socket.port).toBeGreaterThan(0);
    const server = createServer((peer) => peer.end("here"));
    await new Promise<void>((resolve) => server.listen({ fd: socket.fd }, resolve));
    const dial = host.includes(":") ? "::1" : "127.0.0.1";
    expect(await greetingFrom(dial, socket.port)).toBe("here");
    await new Promise((resolve) => server.close(resolve));
  });
});

test("a caller waits in the backlog until a child that inherited the fd accepts", async () => {
  const socket = openListeningSocket({ host: "127.0.0.1", port: 0 });
  const greeting = greetingFrom("127.0.0.1", socket.port);
  const child = Bun.spawn([process.execPath, "-e", CHILD], {
    stdio: ["ignore", "pipe", "inherit", socket.fd],
  });
  expect(await greeting).toBe(`hello from ${child.pid}`);
  expect(await child.exited).toBe(0);
  socket.close();
  socket.close();
});

test("a child that was not handed the fd does not have it", async () => {
  const socket = openListeningSocket({ host: "127.0.0.1", port: 0 });
  const child = Bun.spawn(["sh", "-c", `ls -l /proc/self/fd/${socket.fd} 2>&1 || true`], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  expect(await new Response(child.stdout).text()).not.toContain("socket:");
  socket.close();
});

test("a port that is taken is told apart, with its address", () => {
  const first = openListeningSocket({ host: "127.0.0.1", port: 0 });
  const error = codeOf(() => openListeningSocket({ host: "127.0.0.1", port: first.port }));
  expect(error).toMatchObject({
    code: "address-in-use",
    message: expect.stringContaining(`127.0.0.1:${first.port} (EADDRINUSE`),
  });
  first.close();
});

test("a closed socket's port can be opened again at once", () => {
  const first = openListeningSocket({ host: "127.0.0.1", port: 0 });
  first.close();
  const second = openListeningSocket({ host: "127.0.0.1", port: first.port });
  expect(second.port).toBe(first.port);
  second.close();
});

test("a host that is not of this machine is told apart", () => {
  expect(codeOf(() => openListeningSocket({ host: "192.0.2.1", port: 0 }))).toMatchObject({
    code: "address-unavailable",
  });
  expect(codeOf(() => openListeningSocket({ host: "localhost", port: 0 }))).toMatchObject({
    code: "address-unavailable",
  });
});

describe("several sockets at one port", () => {
  test("share what comes in, and each connection reaches one of them", async () => {
    const sockets = openListeningSockets({ host: "127.0.0.1", port: 0 }, 2);
    const [{ port } = { port: 0 }] = sockets;
    expect(sockets.map((socket) => socket.port)).toEqual([port, port]);
    const servers = await Promise.all(
      sockets.map(async ({ fd }, index) => {
        const server = createServer((peer) => peer.end(`${index}`));
        await new Promise<void>((resolve) => server.listen({ fd }, resolve));
        return server;
      }),
    );
    const answers = await Promise.all(
      Array.from({ length: 64 }, () => greetingFrom("127.0.0.1", port)),
    );
    for (const server of servers) server.close();
    expect([...new Set(answers)].sort()).toEqual(["0", "1"]);
  });

  test("are not opened where somebody else listens, even somebody who shares", () => {
    const [first, second] = openListeningSockets({ host: "127.0.0.1", port: 0 }, 2);
    const port = first?.port ?? 0;
    for (const open of [
      openListeningSocket,
      (at: { host: string; port: number }) => openListeningSockets(at, 2),
    ])
      expect(codeOf(() => open({ host: "127.0.0.1", port }))).toMatchObject({
        code: "address-in-use",
      });
    first?.close();
    second?.close();
  });
});
