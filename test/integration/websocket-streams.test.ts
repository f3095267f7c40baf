// A WebSocket between two proxies is a stream of the connections that their requests share, and behaves as if it had one for
// itself: ends of either direction, broken ends, readers that do not read, limits, draining.
import { describe, expect, test } from "bun:test";
import { createConnection, type Socket } from "node:net";
import { eventually } from "../support/eventually.ts";
import { pour, stuck } from "../support/pour.ts";
import { type PairOptions, pair } from "../support/proxy-pair.ts";
import { OK, type RawServer, rawServer } from "../support/raw-server.ts";
import { direct } from "../support/running-plane.ts";

const MIB = 1024 * 1024;

const KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const ASK = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
const asking = (path: string, more = KEY): string =>
  `GET ${path} HTTP/1.1\r\nHost: payments\r\n${ASK}${more}\r\n`;
const SWITCHING =
  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/** One end of a connection, and what came behind the head. */
interface End {
  readonly socket: Socket;
  head: string;
  bytes: number;
  text: string;
  hasEnded: boolean;
  isBroken: boolean;
  isClosed: boolean;
}

function watched(socket: Socket): End {
  const end: End = {
    socket,
    head: "",
    bytes: 0,
    text: "",
    hasEnded: false,
    isBroken: false,
    isClosed: false,
  };
  socket.on("data", (bytes: Buffer) => {
    let rest = bytes.toString("latin1");
    if (!end.head.endsWith("\r\n\r\n")) {
      const whole = end.head + rest;
      const at = whole.indexOf("\r\n\r\n");
      end.head = at === -1 ? whole : whole.slice(0, at + 4);
      rest = at === -1 ? "" : whole.slice(at + 4);
    }
    end.bytes += rest.length;
    if (end.text.length < 1_000) end.text += rest;
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

interface Chat extends AsyncDisposable {
  readonly app: RawServer;
  readonly mesh: Awaited<ReturnType<typeof pair>>;
  /** The application's ends of what has changed the protocol. */
  readonly servers: readonly End[];
  /** A caller whose request was agreed to, and the application's end. */
  open(request?: string): Promise<{ readonly caller: End; readonly server: End }>;
}

/** Two proxies before an application that agrees to every upgrade, and answers all else. `onOpen` is its program. */
async function chat(
  options: Partial<PairOptions> = {},
  onOpen: (server: End) => void = ({ socket }) => socket.on("data", (bytes) => socket.write(bytes)),
): Promise<Chat> {
  const servers: End[] = [];
  const app = await rawServer((socket) => {
    let head = "";
    const look = (bytes: Buffer): void => {
      head += bytes.toString("latin1");
      if (!head.endsWith("\r\n\r\n")) return;
      if (/^upgrade:/im.test(head)) {
        socket.off("data", look);
        socket.write(SWITCHING);
        const server = watched(socket);
        server.head = head;
        servers.push(server);
        onOpen(server);
      } else socket.write(OK);
      head = "";
    };
    socket.on("data", look);
  });
  const mesh = await pair({ appPort: app.port, ...options });
  const callers: Socket[] = [];
  const joined = new Set<End>();
  return {
    app,
    mesh,
    servers,
    open: async (request = asking("/chat")) => {
      const port = { port: mesh.port, host: "127.0.0.1", allowHalfOpen: true };
      const [line = ""] = request.split("\r\n");
      const caller = watched(createConnection(port));
      callers.push(caller.socket);
      caller.socket.write(request);
      await eventually(() => caller.head.endsWith("\r\n\r\n"));
      const server = servers.find((each) => each.head.startsWith(line) && !joined.has(each));
      if (server === undefined) throw new Error(`not agreed to: ${caller.head}`);
      joined.add(server);
      return { caller, server };
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of callers) socket.destroy();
      await mesh[Symbol.asyncDispose]();
      await app[Symbol.asyncDispose]();
    },
  };
}

test("twenty, and the requests beside them, are streams of one connection", async () => {
  await using it = await chat();
  const all = await Promise.all(
    Array.from({ length: 20 }, (_, i) => it.open(asking(`/chat/${i}`))),
  );
  for (const [i, { caller }] of all.entries()) caller.socket.write(`hello ${i}`);
  for (const [i, { caller }] of all.entries()) await eventually(() => caller.text === `hello ${i}`);
  expect((await direct(it.mesh.port, "/plain")).status).toBe(200);
  const { connections, sharedConnections, activeRequests } = it.mesh.host();
  expect([connections, sharedConnections, activeRequests]).toEqual([1, 1, 20]);
  const lines = await it.mesh.payments.log();
  expect(new Set(lines.map((line) => line.downstream_remote_address)).size).toBe(1);
  for (const { caller } of all) caller.socket.end();
  for (const { server } of all) await eventually(() => server.hasEnded);
  for (const { server } of all) server.socket.end();
  for (const { caller } of all) await eventually(() => caller.isClosed);
  await eventually(() => it.mesh.host().activeRequests === 0);
  expect(all.some(({ caller, server }) => caller.isBroken || server.isBroken)).toBe(false);
  expect(it.mesh.host().connections).toBe(1);
});

describe("the heads of both directions arrive", () => {
  const request =
    "GET /c?x=%2F HTTP/1.1\r\nX-FIRST: 1\r\nHOST: payments\r\nupGRADE: WebSocket\r\nConnection: keep-alive, Upgrade\r\n" +
    'SEC-websocket-KEY: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version:13\r\nSec-WebSocket-Extensions:  permessage-deflate; a="b"\r\n' +
    "x-first: 2\r\nCookie: a\r\nCookie: b\r\nTraceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\nX-Request-Id: 1\r\n\r\n";

  /** The application's head and the caller's, as they came. */
  async function heads(multiplexing: "default" | "off"): Promise<readonly [string, string]> {
    const outbound = multiplexing === "off" ? ({ multiplexing: "off" } as const) : {};
    await using it = await chat({ outbound });
    const { caller, server } = await it.open(request);
    expect(it.mesh.host().sharedConnections).toBe(multiplexing === "off" ? 0 : 1);
    // The certificates of two meshes differ.
    return [server.head.replace(/Hash=\w+/, "Hash="), caller.head];
  }

  test("as they do by a connection for one WebSocket alone, with their case, order and white space", async () => {
    const shared = await heads("default");
    expect(shared).toEqual(await heads("off"));
    const [asked, answered] = shared;
    const fields = asked.split("\r\n").slice(1, 9);
    expect(fields).toEqual([
      "X-FIRST: 1",
      "HOST: payments",
      "upGRADE: WebSocket",
      "SEC-websocket-KEY: dGhlIHNhbXBsZSBub25jZQ==",
      "Sec-WebSocket-Version:13",
      'Sec-WebSocket-Extensions:  permessage-deflate; a="b"',
      "x-first: 2",
      "Cookie: a",
    ]);
    expect(answered).toBe(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nconnection: upgrade\r\n\r\n",
    );
  });
});

describe("what HTTP/2 cannot say has a connection for itself, and arrives as it was:", () => {
  test.each([
    ["a WebSocket without a key", asking("/chat", "")],
    [
      "another method",
      "POST /attach HTTP/1.1\r\nHost: payments\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0\r\n\r\n",
    ],
    [
      "a choice of protocols",
      "GET /chat HTTP/1.1\r\nHost: payments\r\nConnection: Upgrade\r\nUpgrade: one, two/2\r\n\r\n",
    ],
    ["a length", asking("/chat", `${KEY}Content-Length: 0\r\n`)],
  ])("%s", async (_, request) => {
    await using it = await chat();
    expect((await direct(it.mesh.port, "/plain")).status).toBe(200);
    const { caller, server } = await it.open(request);
    caller.socket.write("hello");
    await eventually(() => caller.text === "hello");
    for (const line of request.split("\r\n").slice(2))
      if (!line.startsWith("Connection:")) expect(server.head).toContain(`${line}\r\n`);
    expect(server.head.toLowerCase().split("sec-websocket-key").length).toBe(
      request.toLowerCase().split("sec-websocket-key").length,
    );
    const host = it.mesh.host();
    expect(host.sharedConnections).toBe(1);
    const lines = await it.mesh.payments.log();
    expect(new Set(lines.map((line) => line.downstream_remote_address)).size).toBe(2);
    expect(lines.map((line) => line.protocol).sort()).toEqual(["HTTP/1.1", "HTTP/2"]);
  });
});

describe("the end of one direction leaves the other open", () => {
  test.each(["caller", "server"] as const)("when the %s is done first", async (first) => {
    await using it = await chat({}, () => undefined);
    const both = await it.open();
    const done = both[first];
    const other = both[first === "caller" ? "server" : "caller"];
    done.socket.end("last words");
    await eventually(() => other.hasEnded);
    expect(other.text).toBe("last words");
    expect([done.hasEnded, done.isClosed]).toEqual([false, false]);
    for (let i = 0; i < 8; i++) other.socket.write(Buffer.alloc(MIB, "x"));
    await eventually(() => done.bytes === 8 * MIB);
    other.socket.end();
    await eventually(() => done.hasEnded && done.isClosed && other.isClosed);
    expect([done.isBroken, other.isBroken]).toEqual([false, false]);
    expect(it.mesh.host().connections).toBe(1);
  });
});

test.each(["caller", "server"] as const)(
  "when the %s breaks off, the other end breaks, and nothing else does",
  async (who) => {
    await using it = await chat();
    const bystander = await it.open();
    const both = await it.open();
    const other = both[who === "caller" ? "server" : "caller"];
    both[who].socket.resetAndDestroy();
    await eventually(() => other.isClosed);
    expect(other.isBroken).toBe(true);
    bystander.caller.socket.write("still here");
    await eventually(() => bystander.caller.text === "still here");
    expect(it.mesh.host().connections).toBe(1);
    await eventually(() => it.mesh.host().activeRequests === 1);
  },
);

describe("one that is not read leaves the others alone", () => {
  test.each(["caller", "server"] as const)(
    "by its %s",
    async (lazy) => {
      await using it = await chat({}, ({ socket }) => {
        socket.on("data", (bytes) => {
          if (!bytes.includes("xxx")) socket.write(bytes);
        });
      });
      const both = await it.open();
      const eager = both[lazy === "caller" ? "server" : "caller"];
      const poured = { bytes: 0 };
      both[lazy].socket.pause();
      pour(eager.socket, poured);
      await stuck(poured);
      const others = await Promise.all(Array.from({ length: 5 }, () => it.open()));
      for (let round = 1; round <= 20; round++)
        for (const { caller } of others) {
          caller.socket.write("ping");
          await eventually(() => caller.text === "ping".repeat(round));
        }
      expect((await direct(it.mesh.port, "/plain")).status).toBe(200);
      expect(it.mesh.host().connections).toBe(1);
      expect(poured.bytes).toBeLessThan(64 * MIB);
      // It goes on from where it was.
      const before = poured.bytes;
      both[lazy].socket.resume();
      await eventually(() => poured.bytes > before + 8 * MIB, { deadlineMs: 15_000 });
    },
    40_000,
  );
});

test("it counts as a request under way, and takes no further place among connections", async () => {
  const limits = { maxRequestsPerConnection: 0, maxConnections: 1, maxRequests: 3 };
  await using it = await chat({ outbound: { limits } });
  const first = await it.open();
  await it.open();
  expect((await direct(it.mesh.port, "/plain")).status).toBe(200);
  await it.open();
  const refused = await direct(it.mesh.port, "/plain");
  expect([refused.status, `${refused.headers["weft-error"]}`.split(";")[0]]).toEqual([
    503,
    "circuit-open",
  ]);
  first.caller.socket.end();
  await eventually(() => first.server.hasEnded);
  first.server.socket.end();
  await eventually(async () => (await direct(it.mesh.port, "/plain")).status === 200);
});

test("a connection with nothing but an idle one on it is not idle", async () => {
  await using it = await chat({ outbound: { idleTimeoutMs: 1, maxConnectionDurationMs: 1 } });
  const { caller } = await it.open();
  const cluster = it.mesh.web.plane.clusters.get("payments");
  for (let i = 0; i < 10; i++) {
    cluster?.sweep();
    expect((await direct(it.mesh.port, "/plain")).status).toBe(200);
  }
  caller.socket.write("still here");
  await eventually(() => caller.text === "still here");
});

describe("one that is open goes on", () => {
  test.each(["web", "payments"] as const)("while %s drains, until it ends", async (who) => {
    await using it = await chat();
    const { caller, server } = await it.open();
    const state = { isOver: false };
    const draining = it.mesh[who].plane.drain(30_000).then(() => {
      state.isOver = true;
    });
    for (let round = 1; round <= 5; round++) {
      caller.socket.write("ping");
      await eventually(() => caller.text === "ping".repeat(round));
    }
    expect(state.isOver).toBe(false);
    caller.socket.end();
    await eventually(() => server.hasEnded);
    server.socket.end();
    await eventually(() => caller.isClosed);
    expect(caller.isBroken).toBe(false);
    await draining;
  });
});

test.each([
  ["200 OK", "not here"],
  ["204 No Content", ""],
  ["400 Bad Request", "what?"],
  ["426 Upgrade Required", "Content-Length: 2"],
])("a refusal with %s is passed on as it is, and the connections go on", async (status, body) => {
  const framing = status.startsWith("204") ? "" : `Content-Length: ${body.length}\r\n`;
  await using app = await rawServer((socket) => {
    socket.on("data", () =>
      socket.write(`HTTP/1.1 ${status}\r\nX-One: 1\r\n${framing}\r\n${body}`),
    );
  });
  await using mesh = await pair({ appPort: app.port });
  const caller = watched(createConnection({ port: mesh.port, host: "127.0.0.1" }));
  for (let i = 0; i < 3; i++) {
    caller.head = "";
    caller.text = "";
    caller.socket.write(asking("/chat"));
    await eventually(() => caller.head.endsWith("\r\n\r\n") && caller.text === body);
    expect(caller.head).toBe(`HTTP/1.1 ${status}\r\nX-One: 1\r\n${framing}\r\n`);
  }
  expect([app.connections, mesh.host().connections]).toEqual([1, 1]);
  caller.socket.destroy();
});
