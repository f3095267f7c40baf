// WebSockets to proxies that do not do what Weft's of now do: of an older version, of another maker, or hostile.
import { describe, expect, test } from "bun:test";
import { createServer as createHttp2Server, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import type { Cluster } from "#config/cluster.ts";
import { http2Server } from "#http/http2/server-connection.ts";
import { data, headers, OPEN, type RawField, rstStream } from "#http/http2/testing/raw-frames.ts";
import { ScriptedPeer } from "#http/http2/testing/scripted-peer.ts";
import { DEFAULT_WATERMARKS, SocketTransport } from "#net/socket-transport.ts";
import type { Transport } from "#net/transport.ts";
import { testSvid } from "../support/certificates.ts";
import { eventually } from "../support/eventually.ts";
import { endpoint } from "../support/proxy-config.ts";
import { leadingTo } from "../support/proxy-pair.ts";
import { rawClient } from "../support/raw-client.ts";
import { OK } from "../support/raw-server.ts";
import { direct, freshIssuer, idOf } from "../support/running-plane.ts";
import type { TestIssuer } from "../support/test-issuer.ts";

const HOUR_MS = 3_600_000;

type Speak = (socket: TLSSocket) => void;

/** The proxy beside payments, in the test's hands: what it speaks by each name of ALPN. */
async function payments(issuer: TestIssuer, speaks: Readonly<Record<string, Speak>>) {
  const now = Date.now();
  const validity = { notBeforeMs: now - HOUR_MS, notAfterMs: now + HOUR_MS };
  const { pem: cert, privateKey } = testSvid(issuer.root, idOf("payments"), validity);
  const key = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const chosen: string[] = [];
  const sockets = new Set<TLSSocket>();
  const options = { cert, key, ca: issuer.root.pem, requestCert: true, rejectUnauthorized: true };
  const server = createTlsServer({ ...options, ALPNProtocols: Object.keys(speaks) }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    chosen.push(String(socket.alpnProtocol));
    speaks[String(socket.alpnProtocol)]?.(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    chosen,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

function transportOf(socket: TLSSocket): Transport {
  const nowhere = { host: "", port: 0 };
  const facts = { tls: undefined, remote: nowhere, local: nowhere };
  // Of node's streams: the runtime's own would take the sockets of the whole server over.
  return new SocketTransport(socket, { ...facts, watermarks: DEFAULT_WATERMARKS });
}

function calling(issuer: TestIssuer, port: number, cluster: Partial<Cluster> = {}) {
  const to = endpoint(port, { identities: [idOf("payments")], transports: ["istio-mtls"] });
  const transport = { kind: "mtls", sni: "payments", extraIdentities: [] } as const;
  return leadingTo([to], { transport, ...cluster }, { issuer });
}

const ASK =
  "GET /chat HTTP/1.1\r\nHost: payments\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
const SWITCHING =
  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/** HTTP/1.1 that agrees to upgrades and says everything back. */
const inHttp1: Speak = (socket) => {
  let head = "";
  let isChat = false;
  socket.on("data", (bytes: Buffer) => {
    if (isChat) return void socket.write(bytes);
    head += bytes.toString("latin1");
    if (!head.endsWith("\r\n\r\n")) return;
    isChat = /^upgrade:/im.test(head);
    socket.write(isChat ? SWITCHING : OK);
    head = "";
  });
};

/** Weft's dialect, with requests only. */
const inOlderWeft: Speak = (socket) => {
  const options = { dialect: "weft", allowsExtendedConnect: false } as const;
  const handler = http2Server((exchange) => {
    exchange.reply({ status: 200, fields: [], body: "ok\n" });
    return {
      onRequestData: () => undefined,
      onRequestEnd: () => undefined,
      onResponseDrain: () => undefined,
      onExchangeEnd: () => undefined,
    };
  }, options);
  handler(transportOf(socket));
};

/** HTTP/2 of somebody else. */
function inHttp2(enableConnectProtocol: boolean, asked: object[]): Speak {
  const server = createHttp2Server({ settings: { enableConnectProtocol } });
  server.on("stream", (stream: ServerHttp2Stream, fields: object) => {
    asked.push({ ...fields });
    stream.on("error", () => undefined);
    stream.respond({ ":status": 200 });
    stream.on("data", (bytes) => stream.write(bytes));
    stream.on("end", () => stream.end());
  });
  return (socket) => void server.emit("connection", socket);
}

async function echoes(port: number, count: number): Promise<void> {
  const clients = await Promise.all(Array.from({ length: count }, () => rawClient(port)));
  for (const client of clients) client.send(ASK);
  for (const client of clients) {
    await eventually(() => client.text.includes("\r\n\r\n"));
    expect(client.text).toStartWith("HTTP/1.1 101 Switching Protocols\r\n");
    expect(client.text.toLowerCase()).toContain("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=".toLowerCase());
    client.send("hello");
    await eventually(() => client.text.endsWith("\r\n\r\nhello"));
  }
  for (const client of clients) client[Symbol.dispose]();
}

describe("a proxy that does not announce extended CONNECT", () => {
  test("of Weft gets a connection for each WebSocket, and shares one for requests", async () => {
    const issuer = freshIssuer();
    const speaks = { "weft-h2": inOlderWeft, "istio-http/1.1": inHttp1 };
    await using older = await payments(issuer, speaks);
    await using web = await calling(issuer, older.port);
    await echoes(web.port, 3);
    for (let i = 0; i < 5; i++) expect((await direct(web.port, "/")).status).toBe(200);
    const count = (name: string): number => older.chosen.filter((one) => one === name).length;
    expect([count("weft-h2"), count("istio-http/1.1")]).toEqual([1, 3]);
  });

  test("of another maker does so too, where HTTP/2 is declared", async () => {
    const issuer = freshIssuer();
    const asked: object[] = [];
    const speaks = { "istio-h2": inHttp2(false, asked), "istio-http/1.1": inHttp1 };
    await using envoy = await payments(issuer, speaks);
    await using web = await calling(issuer, envoy.port, { protocol: "http2" });
    await echoes(web.port, 2);
    expect(asked).toHaveLength(0);
    expect(envoy.chosen.filter((one) => one === "istio-http/1.1")).toHaveLength(2);
  });
});

test("a proxy of another maker that announces it gets streams", async () => {
  const issuer = freshIssuer();
  const asked: object[] = [];
  await using envoy = await payments(issuer, { "istio-h2": inHttp2(true, asked) });
  await using web = await calling(issuer, envoy.port, { protocol: "http2" });
  await echoes(web.port, 3);
  expect(asked[0]).toMatchObject({ ":protocol": "websocket", ":path": "/chat" });
  expect(envoy.chosen).toEqual(["istio-h2"]);
});

test("a proxy that knows HTTP/1.1 only gets the connection for the WebSocket itself", async () => {
  const issuer = freshIssuer();
  await using old = await payments(issuer, { "istio-http/1.1": inHttp1 });
  await using web = await calling(issuer, old.port);
  await echoes(web.port, 2);
  expect(old.chosen).toEqual(["istio-http/1.1", "istio-http/1.1"]);
  await eventually(() => web.host().connections === 0);
});

describe("a hostile proxy that announces it", () => {
  /** The caller's proxy with one WebSocket asked for, and the stream that it is. */
  async function asked() {
    const issuer = freshIssuer();
    const arrived = Promise.withResolvers<ScriptedPeer>();
    const hostile = await payments(issuer, {
      "weft-h2": (socket) => {
        const options = { role: "server", dialect: "weft", settings: [[8, 1]] } as const;
        arrived.resolve(new ScriptedPeer(transportOf(socket), options));
      },
    });
    const web = await calling(issuer, hostile.port);
    const client = await rawClient(web.port);
    client.send(ASK);
    const peer = await arrived.promise;
    const [, id] = /^HEADERS (\d+) GET \/chat/.exec(await peer.until("HEADERS")) ?? [];
    return {
      client,
      peer,
      web,
      id: Number(id),
      answer: () => eventually(() => client.text.includes("\r\n\r\n") && client.text),
      [Symbol.asyncDispose]: async () => {
        client[Symbol.dispose]();
        await web[Symbol.asyncDispose]();
        await hostile[Symbol.asyncDispose]();
      },
    };
  }

  const agreed: readonly RawField[] = [
    [":status", "200"],
    ["Upgrade", "websocket"],
  ];

  test("and talks before it agrees is refused", async () => {
    await using it = await asked();
    it.peer.send(data(it.id, "too early"));
    expect(await it.answer()).toStartWith("HTTP/1.1 502 Bad Gateway\r\n");
    expect(it.client.text).toContain("weft-error: upstream-protocol-error; by=");
    expect(it.client.text).not.toContain("too early");
  });

  test("and resets the stream half-way breaks this WebSocket, and no other stream", async () => {
    await using it = await asked();
    using other = await rawClient(it.web.port);
    other.send(ASK);
    await it.peer.until(`HEADERS ${it.id + 2} `);
    it.peer.send(headers(it.id, agreed, OPEN), headers(it.id + 2, agreed, OPEN));
    it.peer.send(data(it.id, "half a mess"), rstStream(it.id, "INTERNAL_ERROR"));
    const broken = Promise.withResolvers<unknown>();
    it.client.socket.on("error", broken.resolve);
    expect(await broken.promise).toMatchObject({ code: "ECONNRESET" });
    it.peer.send(data(it.id + 2, "hello"));
    await eventually(() => other.text.endsWith("hello"));
  });

  test("and sends more than the window is let go", async () => {
    await using it = await asked();
    it.peer.send(headers(it.id, agreed, OPEN));
    await it.answer();
    it.client.socket.pause();
    for (let i = 0; i < 2_048; i++) it.peer.send(data(it.id, Buffer.alloc(16_000)));
    await it.peer.untilWord("an end of the flood", (word) =>
      /^(RST_STREAM \d+|GOAWAY \d+) FLOW_CONTROL_ERROR/.test(word),
    );
  }, 20_000);

  test("and agrees to what was not asked for is refused", async () => {
    await using it = await asked();
    it.peer.send(
      headers(
        it.id,
        [
          [":status", "101"],
          ["Upgrade", "websocket"],
        ],
        OPEN,
      ),
    );
    expect(await it.answer()).toStartWith("HTTP/1.1 502 Bad Gateway\r\n");
  });

  test("and answers without changing the protocol is passed on", async () => {
    await using it = await asked();
    it.peer.send(
      headers(
        it.id,
        [
          [":status", "200"],
          ["Content-Length", "2"],
        ],
        OPEN,
      ),
    );
    it.peer.send(data(it.id, "ok", 1));
    expect(await it.answer()).toBe("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
});
