import { afterEach, describe, expect, test } from "bun:test";
import { connect as connectSocket, createServer, type Socket } from "node:net";
import { type ConnectionEnds, peerUid, uidByNetlink, uidByTable } from "./peer-uid.ts";
import { addressOctets } from "./socket-address.ts";

const NOBODY = 65534;
const isRoot = process.getuid?.() === 0;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Accepted extends ConnectionEnds {
  readonly socket: Socket;
}

async function accepting(host: string) {
  const accepted = Promise.withResolvers<Accepted>();
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    cleanups.push(() => socket.destroy());
    accepted.resolve({
      socket,
      remote: { host: socket.remoteAddress ?? "", port: socket.remotePort ?? 0 },
      local: { host: socket.localAddress ?? "", port: socket.localPort ?? 0 },
    });
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  cleanups.push(() => server.close());
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { port: address.port, accepted: accepted.promise };
}

function dial(host: string, port: number): Socket {
  const socket = connectSocket(port, host);
  socket.on("error", () => undefined);
  cleanups.push(() => socket.destroy());
  return socket;
}

/** A process of another user that connects and stays until its standard input ends. */
function connectAs(uid: number, host: string, port: number) {
  const script = `exec 3<>/dev/tcp/${host}/${port}; read line`;
  const user = [`--reuid=${uid}`, `--regid=${uid}`, "--clear-groups"];
  const child = Bun.spawn(["setpriv", ...user, "bash", "-c", script], {
    stdio: ["pipe", "inherit", "inherit"],
  });
  cleanups.push(async () => {
    await child.stdin.end();
    await child.exited;
  });
}

function peerOf({ remote, local }: ConnectionEnds) {
  const [from, to] = [addressOctets(remote.host), addressOctets(local.host)];
  if (!from || !to) throw new Error("no address");
  return { from, to, fromPort: remote.port, toPort: local.port };
}

describe.each([
  ["127.0.0.1", "127.0.0.1"],
  ["::1", "::1"],
  ["::", "127.0.0.1"],
  ["127.0.0.1", "::ffff:127.0.0.1"],
])("a connection to %s from %s", (listenHost, dialHost) => {
  test("from this process is this user's", async () => {
    const { port, accepted } = await accepting(listenHost);
    dial(dialHost, port);
    expect(peerUid(await accepted)).toBe(process.getuid?.());
  });

  test.if(isRoot)("from a process of another user is that user's", async () => {
    const { port, accepted } = await accepting(listenHost);
    connectAs(NOBODY, dialHost, port);
    expect(peerUid(await accepted)).toBe(NOBODY);
  });
});

test.if(isRoot)("netlink and the table say the same", async () => {
  for (const host of ["127.0.0.1", "::1"]) {
    const { port, accepted } = await accepting(host);
    connectAs(NOBODY, host, port);
    const peer = peerOf(await accepted);
    expect([uidByNetlink(peer), uidByTable(peer)]).toEqual([NOBODY, NOBODY]);
  }
});

test("a peer that has closed its socket has no user, though the kernel would say root", async () => {
  const { port, accepted } = await accepting("127.0.0.1");
  const socket = dial("127.0.0.1", port);
  const ends = await accepted;
  socket.end();
  await new Promise((resolve) => ends.socket.resume().once("close", resolve));
  expect(peerUid(ends)).toBeUndefined();
  const peer = peerOf(ends);
  expect([uidByNetlink(peer), uidByTable(peer)]).toEqual(["nobody", undefined]);
});

test("a connection that does not exist has no user, though somebody listens at its port", async () => {
  const { port } = await accepting("127.0.0.1");
  const local = { host: "127.0.0.1", port: 9 };
  expect(peerUid({ remote: { host: "127.0.0.1", port }, local })).toBeUndefined();
});

test("our own end, not accepted yet, has no user", async () => {
  const { openListeningSocket } = await import("./listening-socket.ts");
  const listening = openListeningSocket({ host: "127.0.0.1", port: 0 });
  cleanups.push(() => listening.close());
  const socket = dial("127.0.0.1", listening.port);
  await new Promise((resolve) => socket.once("connect", resolve));
  const remote = { host: "127.0.0.1", port: listening.port };
  const local = { host: "127.0.0.1", port: socket.localPort ?? 0 };
  expect(peerUid({ remote, local })).toBeUndefined();
});

test("a Unix socket or a host name has no user here", () => {
  const local = { host: "127.0.0.1", port: 80 };
  expect(peerUid({ remote: { host: "", port: 0, path: "/x" }, local })).toBeUndefined();
  expect(peerUid({ remote: { host: "localhost", port: 1 }, local })).toBeUndefined();
});
