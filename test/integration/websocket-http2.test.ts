// WebSockets of clients of HTTP/2, and to applications that speak HTTP/2 themselves (extended CONNECT, RFC 8441), through one
// proxy and through two.
import { describe, expect, test } from "bun:test";
import { createServer as createHttp2Server, type ServerHttp2Stream } from "node:http2";
import { type AddressInfo, connect, type Socket } from "node:net";
import type { Authorization } from "#config/authorization.ts";
import type { Cluster } from "#config/cluster.ts";
import { data, headers, OPEN, request, rstStream } from "#http/http2/testing/raw-frames.ts";
import { ScriptedPeer } from "#http/http2/testing/scripted-peer.ts";
import { eventually } from "../support/eventually.ts";
import { http2WebSocketClient } from "../support/http2-websocket.ts";
import { inboundCluster, inboundListener, resource } from "../support/proxy-config.ts";
import { pair } from "../support/proxy-pair.ts";
import { rawClient } from "../support/raw-client.ts";
import { onHeads, rawServer } from "../support/raw-server.ts";
import { runPlane } from "../support/running-plane.ts";
import { chatServer, conversations } from "../support/websocket-conversations.ts";

interface Proxies extends AsyncDisposable {
  /** Where its clients call. */
  readonly port: number;
  /** Of the proxy that they call. */
  log(): Promise<readonly Record<string, unknown>[]>;
}

interface ProxiesOptions {
  readonly authorization?: Authorization;
  readonly inbound?: Partial<Cluster>;
  readonly outbound?: Partial<Cluster>;
}

/** The proxy of an application, called in plaintext. */
async function oneProxy(appPort: number, options: ProxiesOptions = {}): Promise<Proxies> {
  const name = `inbound|${appPort}`;
  const plane = await runPlane({
    name: "payments",
    sockets: [name],
    resources: [
      resource("listener", inboundListener(appPort, "permissive", options.authorization)),
      resource("cluster", { ...inboundCluster(appPort), ...options.inbound }),
    ],
  });
  return {
    port: plane.port(name),
    log: () => plane.log(),
    [Symbol.asyncDispose]: () => plane[Symbol.asyncDispose](),
  };
}

/** That of a caller before it. */
async function twoProxies(appPort: number, options: ProxiesOptions = {}): Promise<Proxies> {
  const mesh = await pair({ appPort, ...options });
  return {
    port: mesh.port,
    log: () => mesh.web.log(),
    [Symbol.asyncDispose]: () => mesh[Symbol.asyncDispose](),
  };
}

const ways = { "one proxy": oneProxy, "two proxies": twoProxies } as const;

/** The whole of a conversation in HTTP/1.1, without proxies. */
async function talkDirectly(port: number, frames: readonly Buffer[]): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const socket: Socket = connect(port, "127.0.0.1");
  socket.write(
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
  );
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  socket.on("end", () => socket.end()).on("close", () => resolve());
  await eventually(() => Buffer.concat(chunks).includes("\r\n\r\n"));
  for (const frame of frames) socket.write(frame);
  await promise;
  const bytes = Buffer.concat(chunks);
  return bytes.subarray(bytes.indexOf("\r\n\r\n") + 4);
}

/** An application of HTTP/1.1 that answers each upgrade as it is told, and keeps what it was asked. */
async function answering(answer: string | ((head: string) => string)) {
  const heads: string[] = [];
  const sockets: Socket[] = [];
  const app = await rawServer((socket) => {
    onHeads(socket, (head) => {
      heads.push(head);
      sockets.push(socket);
      socket.write(typeof answer === "string" ? answer : answer(head));
    });
  });
  return Object.assign(app, { heads, sockets });
}

describe.each(Object.keys(ways) as (keyof typeof ways)[])("by HTTP/2 through %s", (name) => {
  const through = ways[name];

  test("every conversation is the same octets as without", async () => {
    const server = chatServer();
    try {
      await using proxies = await through(server.port ?? 0);
      using client = await http2WebSocketClient(proxies.port);
      const talks = Object.entries(conversations).map(async ([what, frames]) => {
        const socket = await client.open("/");
        expect(socket.status).toBe(200);
        for (const frame of frames) socket.stream.write(frame);
        await eventually(() => socket.hasEnded || socket.isClosed);
        socket.stream.end();
        return [what, socket.bytes().toString("hex")];
      });
      const directly = Object.entries(conversations).map(async ([what, frames]) => {
        const bytes = await talkDirectly(server.port ?? 0, frames);
        expect(bytes.length).toBeGreaterThan(0);
        return [what, bytes.toString("hex")];
      });
      expect(await Promise.all(talks)).toEqual(await Promise.all(directly));
    } finally {
      await server.stop(true);
    }
  }, 20_000);

  test("the application is asked in HTTP/1.1, with a key that nobody else sees", async () => {
    const server = chatServer();
    const seen: Headers[] = [];
    const inner = server.reload({
      fetch(request, self) {
        seen.push(request.headers);
        return self.upgrade(request) ? undefined : new Response("no", { status: 400 });
      },
      websocket: { message: (socket, message) => void socket.send(message) },
    });
    try {
      await using proxies = await through(server.port ?? 0);
      using client = await http2WebSocketClient(proxies.port);
      const first = await client.open("/chat?a=b", { "x-one": "1" });
      const second = await client.open("/chat");
      expect([first.status, second.status]).toEqual([200, 200]);
      const keys = seen.map((fields) => fields.get("sec-websocket-key") ?? "");
      for (const key of keys) expect(Buffer.from(key, "base64")).toHaveLength(16);
      expect(new Set(keys).size).toBe(2);
      expect(seen[0]?.get("x-one")).toBe("1");
      expect(seen[0]?.get("upgrade")).toBe("websocket");
      for (const field of ["sec-websocket-accept", "upgrade", "connection"])
        expect(first.headers[field]).toBeUndefined();
      const [line] = await proxies.log();
      expect(line).toMatchObject({
        method: "GET",
        path: "/chat?a=b",
        protocol: "HTTP/2",
        response_code: 101,
      });
    } finally {
      await inner.stop(true);
    }
  });

  test("a key of the client's own, and the answer to it, pass", async () => {
    await using app = await answering(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
    );
    await using proxies = await through(app.port);
    using client = await http2WebSocketClient(proxies.port);
    const opened = await client.open("/", { "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==" });
    expect(opened.status).toBe(200);
    expect(opened.headers["sec-websocket-accept"]).toBe("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    expect(app.heads[0]).toContain("sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
  });

  test("another protocol is not implemented, and the connection goes on", async () => {
    await using app = await answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    await using proxies = await through(app.port);
    using client = await http2WebSocketClient(proxies.port);
    for (const protocol of ["connect-udp", "chat", "webtransport"]) {
      const refused = await client.open("/", { ":protocol": protocol });
      expect(refused.status).toBe(501);
      expect(refused.headers["weft-error"]).toStartWith("not-implemented; by=");
      await eventually(() => refused.hasEnded);
      expect(refused.bytes().toString()).toContain(`:protocol ${protocol}`);
    }
    expect(app.heads).toHaveLength(0);
  });

  test.each([
    ["403 Forbidden", "no"],
    ["426 Upgrade Required", ""],
    ["503 Service Unavailable", "later"],
  ])("a refusal with %s is passed on", async (status, body) => {
    await using app = await answering(
      `HTTP/1.1 ${status}\r\nX-One: 1\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    await using proxies = await through(app.port);
    using client = await http2WebSocketClient(proxies.port);
    const refused = await client.open("/");
    await eventually(() => refused.hasEnded);
    expect([refused.status, refused.bytes().toString()]).toEqual([
      Number(status.slice(0, 3)),
      body,
    ]);
    expect(refused.headers["x-one"]).toBe("1");
  });

  test.each([
    ["200 OK", "Content-Length: 2\r\n\r\nok", "upgrade-refused"],
    ["204 No Content", "\r\n", "upgrade-refused"],
    ["101 Switching Protocols", "Upgrade: websocket\r\n\r\n", "upstream-protocol-error"],
    [
      "101 Switching Protocols",
      "Upgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
      "upstream-protocol-error",
    ],
  ])("an answer %s that agrees to no WebSocket is a 502: %#", async (status, rest, code) => {
    await using app = await answering(`HTTP/1.1 ${status}\r\n${rest}`);
    await using proxies = await through(app.port);
    using client = await http2WebSocketClient(proxies.port);
    const refused = await client.open("/");
    expect(refused.status).toBe(502);
    expect(refused.headers["weft-error"]).toStartWith(`${code}; by=`);
    await eventually(() => refused.hasEnded);
    expect(refused.bytes().toString()).toContain(code);
  });

  test("bytes that come early wait for the application's word, and reach it then", async () => {
    const asked = Promise.withResolvers<() => void>();
    let said = "";
    await using app = await rawServer((socket) => {
      let head = "";
      socket.on("data", (bytes) => {
        const text = bytes.toString("latin1");
        if (head.endsWith("\r\n\r\n")) said += text;
        else head += text;
        if (head.endsWith("\r\n\r\n")) asked.resolve(() => void socket.write(switchingFor(head)));
      });
    });
    await using proxies = await through(app.port);
    const peer = await ScriptedPeer.connect(proxies.port);
    peer.send(headers(1, chat, OPEN), data(1, "early"));
    const agree = await asked.promise;
    await peer.settled();
    expect(said).toBe("");
    agree();
    await peer.expect("HEADERS 1 200");
    await eventually(() => said === "early");
    peer.transport.destroy();
  });

  test("a stream that is reset is a broken connection for the application", async () => {
    await using app = await answering(switchingFor);
    await using proxies = await through(app.port);
    const peer = await ScriptedPeer.connect(proxies.port);
    peer.send(headers(1, chat, OPEN));
    await peer.expect("HEADERS 1 200");
    const broken = Promise.withResolvers<unknown>();
    app.sockets[0]?.on("error", broken.resolve);
    peer.send(rstStream(1, "CANCEL"));
    expect(await broken.promise).toMatchObject({ code: "ECONNRESET" });
    // And the other way round.
    peer.send(headers(3, chat, OPEN));
    await peer.expect("HEADERS 3 200");
    app.sockets[1]?.resetAndDestroy();
    await peer.expect("RST_STREAM 3 CANCEL");
    peer.transport.destroy();
  });

  test("a flood of bytes that nobody reads stops at the window", async () => {
    await using app = await answering(switchingFor);
    await using proxies = await through(app.port);
    const peer = await ScriptedPeer.connect(proxies.port);
    peer.send(headers(1, chat, OPEN), headers(3, chat, OPEN));
    await peer.until("HEADERS 3 200");
    await peer.until("HEADERS 1 200");
    for (const socket of app.sockets) socket.pause();
    // More than both windows together, whether they were opened or not.
    for (let i = 0; i < 1_024; i++) peer.send(data(1, Buffer.alloc(16_000)));
    await peer.untilWord("an end of the flood", (word) =>
      /^(RST_STREAM 1|GOAWAY \d+) FLOW_CONTROL_ERROR/.test(word),
    );
    peer.transport.destroy();
    using client = await http2WebSocketClient(proxies.port);
    expect((await client.open("/")).status).toBe(200);
  }, 20_000);
});

const chat = [
  [":protocol", "websocket"],
  ...request("CONNECT", "/chat", [["sec-websocket-version", "13"]]),
] as const;

/** What a server of WebSockets answers. */
function switchingFor(head: string): string {
  const key = /^sec-websocket-key: (.*)$/im.exec(head)?.[1] ?? "";
  const accept = new Bun.CryptoHasher("sha1")
    .update(`${key.trim()}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest("base64");
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
}

test("rules and routes see a GET, as Envoy's do", async () => {
  const when = { kind: "method", match: { kind: "exact", value: "GET" } } as const;
  const origin = { kind: "AuthorizationPolicy", namespace: "shop", name: "no-gets", generation: 1 };
  const deny = [{ name: "ns[shop]-policy[no-gets]-rule[0]", origin, when }];
  await using app = await answering(switchingFor);
  await using denied = await oneProxy(app.port, { authorization: { deny } });
  using client = await http2WebSocketClient(denied.port);
  const refused = await client.open("/");
  expect(refused.status).toBe(403);
  expect(refused.headers["weft-error"]).toStartWith("denied-by-policy; by=");
  expect(app.heads).toHaveLength(0);
  const connects = { kind: "method", match: { kind: "exact", value: "CONNECT" } } as const;
  const onlyConnects = { deny: [{ ...deny[0], name: "x", origin, when: connects }] };
  await using open = await oneProxy(app.port, { authorization: onlyConnects });
  using other = await http2WebSocketClient(open.port);
  expect((await other.open("/")).status).toBe(200);
});

/** An application of HTTP/2 that says everything back, and what it was asked. */
async function http2Application(enableConnectProtocol: boolean) {
  const streams: ServerHttp2Stream[] = [];
  const asked: Record<string, unknown>[] = [];
  const server = createHttp2Server({ settings: { enableConnectProtocol } });
  server.on("stream", (stream: ServerHttp2Stream, fields: object) => {
    streams.push(stream);
    asked.push({ ...fields });
    stream.on("error", () => undefined);
    stream.respond({ ":status": 200, "x-one": "1" });
    stream.on("data", (bytes) => stream.write(bytes));
    stream.on("end", () => stream.end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    [Symbol.asyncDispose]: async () => {
      for (const stream of streams) stream.session?.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const upgrade =
  "GET /chat HTTP/1.1\r\nHost: payments\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

describe.each(Object.keys(ways) as (keyof typeof ways)[])(
  "to an application of HTTP/2 through %s",
  (name) => {
    const http2 = { protocol: "http2" } as const;
    const settings = { inbound: http2, outbound: http2 };

    test("a caller of HTTP/1.1 gets the answer to its key", async () => {
      await using app = await http2Application(true);
      await using proxies = await ways[name](app.port, settings);
      using client = await rawClient(proxies.port);
      client.send(`${upgrade}early `);
      await eventually(() => client.text.includes("\r\n\r\nearly "));
      expect(client.text).toStartWith("HTTP/1.1 101 Switching Protocols\r\n");
      expect(client.text.toLowerCase()).toContain("\r\nupgrade: websocket\r\n");
      expect(client.text).toContain("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n");
      client.send("and late");
      await eventually(() => client.text.endsWith("early and late"));
      expect(app.asked[0]).toMatchObject({
        ":method": "CONNECT",
        ":protocol": "websocket",
        ":path": "/chat",
      });
      client.socket.end();
      await eventually(() => client.hasEnded);
    });

    test("a caller of HTTP/2 is joined to it", async () => {
      await using app = await http2Application(true);
      await using proxies = await ways[name](app.port, settings);
      using client = await http2WebSocketClient(proxies.port);
      const opened = await client.open("/chat");
      expect([opened.status, opened.headers["x-one"]]).toEqual([200, "1"]);
      opened.stream.write("hello");
      await eventually(() => opened.bytes().toString() === "hello");
      opened.stream.end();
      await eventually(() => opened.hasEnded && opened.isClosed);
      expect(opened.rstCode()).toBe(0);
      expect(app.asked[0]?.["sec-websocket-key"]).toBeUndefined();
    });

    test("that takes none the answer says so", async () => {
      await using app = await http2Application(false);
      await using proxies = await ways[name](app.port, settings);
      using client = await http2WebSocketClient(proxies.port);
      const refused = await client.open("/chat");
      expect(refused.status).toBe(502);
      expect(refused.headers["weft-error"]).toStartWith("upgrade-refused; by=");
      using old = await rawClient(proxies.port);
      old.send(upgrade);
      await eventually(() => old.text.includes("\r\n\r\n"));
      expect(old.text).toStartWith("HTTP/1.1 502 Bad Gateway\r\n");
      expect(old.text).toContain("weft-error: upgrade-refused; by=");
      expect(app.asked).toHaveLength(0);
    });

    test("in the version of its callers, where nothing is declared", async () => {
      await using app = await http2Application(true);
      const client = { protocol: "client" } as const;
      await using proxies = await ways[name](app.port, { inbound: client, outbound: client });
      using caller = await http2WebSocketClient(proxies.port);
      const opened = await caller.open("/chat");
      expect(opened.status).toBe(200);
      opened.stream.write("hello");
      await eventually(() => opened.bytes().toString() === "hello");
      expect(app.asked[0]?.[":protocol"]).toBe("websocket");
    });
  },
);
