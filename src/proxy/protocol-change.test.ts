import { describe, expect, test } from "bun:test";
import type { ClientConnection } from "#http/client/connection.ts";
import type { RequestHead, ServerExchange } from "#http/exchange.ts";
import { responseHead } from "#http/testing/local-heads.ts";
import { HeadEdits } from "#wire/http1/head-edits.ts";
import { decodeRequestHead, REQUEST_LIMITS } from "#wire/http1/request-head.ts";
import { type Field, requestOf, responseOf } from "#wire/http2/head/testing/blocks.ts";
import {
  editAccept,
  isStandardConnect,
  mayBeStream,
  ProtocolChange,
  refusedChange,
} from "./protocol-change.ts";

const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

function http1(fields: string, method = "GET"): RequestHead {
  const text = `${method} /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n${fields}\r\n`;
  const bytes = Buffer.from(text, "latin1");
  const head = decodeRequestHead(bytes, 0, bytes.length, REQUEST_LIMITS);
  if (head === undefined) throw new Error("not a whole head");
  return head;
}

function http2(protocol = "websocket", more: readonly Field[] = []): RequestHead {
  const fields: Field[] = [
    [":method", "CONNECT"],
    [":protocol", protocol],
    [":scheme", "http"],
    [":path", "/chat"],
    [":authority", "a"],
    ...more,
  ];
  return requestOf(fields, { allowsExtendedConnect: true });
}

const WEBSOCKET = "Upgrade: websocket\r\n";
const WITH_KEY = `${WEBSOCKET}Sec-WebSocket-Key: ${KEY}\r\n`;

/** As far as it is looked at. */
function exchangeOf(request: RequestHead, alpn?: string): ServerExchange {
  const transport = alpn === undefined ? {} : { tls: { alpn } };
  return { request, transport } as unknown as ServerExchange;
}

function connectionOf(protocol: ClientConnection["protocol"], allowsUpgrade = true) {
  return { protocol, allowsUpgrade } as ClientConnection;
}

test.each<[string, RequestHead, boolean]>([
  ["a WebSocket of HTTP/1", http1(WITH_KEY), true],
  ["a WebSocket of HTTP/2, which has no key", http2(), true],
  ["another protocol", http1("Upgrade: chat\r\n"), true],
  ["a WebSocket of HTTP/1 without a key", http1(WEBSOCKET), false],
  ["a choice of protocols", http1("Upgrade: chat, talk\r\n"), false],
  ["what has a length", http1(`${WITH_KEY}Content-Length: 0\r\n`), false],
  ["another method", http1("Upgrade: tcp\r\n", "POST"), false],
])("%s may be a stream beside others: %#", (_, request, expected) => {
  expect(mayBeStream(request)).toBe(expected);
});

test("over standard HTTP/2 only WebSockets are known", () => {
  expect(refusedChange(exchangeOf(http2()))).toBeUndefined();
  expect(refusedChange(exchangeOf(http2("connect-udp")))).toMatchObject({
    code: "not-implemented",
  });
  expect(refusedChange(exchangeOf(http2("chat"), "istio-h2"))).toBeDefined();
  expect(refusedChange(exchangeOf(http2("chat"), "weft-h2"))).toBeUndefined();
  expect(refusedChange(exchangeOf(http1("Upgrade: chat\r\n")))).toBeUndefined();
});

test("between Weft's proxies an extended CONNECT stands for a request in HTTP/1", () => {
  expect(isStandardConnect(exchangeOf(http2()))).toBe(true);
  expect(isStandardConnect(exchangeOf(http2(), "h2"))).toBe(true);
  expect(isStandardConnect(exchangeOf(http2(), "weft-h2"))).toBe(false);
  expect(isStandardConnect(exchangeOf(http1(WITH_KEY)))).toBe(false);
});

test("a connection of HTTP/2 that allows none carries only what cannot be asked for there", () => {
  const closed = connectionOf("h2", false);
  expect(new ProtocolChange(exchangeOf(http1(WITH_KEY))).mayGoOn(closed)).toBe(false);
  expect(new ProtocolChange(exchangeOf(http1(WITH_KEY))).mayGoOn(connectionOf("h2"))).toBe(true);
  const post = exchangeOf(http1("Upgrade: tcp\r\n", "POST"));
  expect(new ProtocolChange(post).mayGoOn(closed)).toBe(true);
});

describe("a WebSocket from HTTP/2 that goes on in HTTP/1", () => {
  /** "the sample nonce", octet by octet. */
  function sample(): () => number {
    const octets = [...Buffer.from("the sample nonce")];
    return () => (octets.shift() ?? 0) / 256;
  }

  function sent(request = http2()): ProtocolChange {
    const change = new ProtocolChange(exchangeOf(request));
    change.edit(new HeadEdits(), connectionOf("http/1.1"), sample());
    return change;
  }

  const agreed = (...fields: Field[]) => responseHead("101 Switching Protocols", fields);

  test("gets a key", () => {
    const edits = new HeadEdits();
    const change = new ProtocolChange(exchangeOf(http2()));
    change.edit(edits, connectionOf("http/1.1"), sample());
    expect(edits.edits).toMatchObject([{ kind: "set", text: KEY }]);
  });

  test("keeps the key that it has", () => {
    const request = http2("websocket", [["sec-websocket-key", KEY]]);
    const edits = new HeadEdits();
    new ProtocolChange(exchangeOf(request)).edit(edits, connectionOf("http/1.1"), sample());
    expect(edits.isEmpty).toBe(true);
    expect(sent(request).acceptEdit(agreed())).toBeUndefined();
  });

  test("is agreed to by the answer to its key, which is left out then", () => {
    const head = agreed(["Upgrade", "WebSocket"], ["Sec-WebSocket-Accept", ACCEPT]);
    expect(sent().faultOf(head)).toBeUndefined();
    const edits = new HeadEdits();
    const edit = sent().acceptEdit(head);
    if (edit !== undefined) editAccept(edits, edit);
    expect(edits.edits).toMatchObject([
      { kind: "remove", name: { lower: "sec-websocket-accept" } },
    ]);
  });

  test.each<[string, Field[], string]>([
    ["no answer", [["Upgrade", "websocket"]], "Sec-WebSocket-Accept"],
    [
      "an answer to another key",
      [
        ["Upgrade", "websocket"],
        ["Sec-WebSocket-Accept", KEY],
      ],
      "Sec-WebSocket-Accept",
    ],
    [
      "two answers",
      [
        ["Upgrade", "websocket"],
        ["Sec-WebSocket-Accept", ACCEPT],
        ["Sec-WebSocket-Accept", ACCEPT],
      ],
      "Sec-WebSocket-Accept",
    ],
    [
      "another protocol",
      [
        ["Upgrade", "h2c"],
        ["Sec-WebSocket-Accept", ACCEPT],
      ],
      "another protocol",
    ],
  ])("is not agreed to by %s", (_, fields, why) => {
    expect(sent().faultOf(agreed(...fields))).toContain(why);
  });

  test("is refused by a 2xx, which would mean the opposite in HTTP/2", () => {
    expect(sent().isRefusedBy(responseHead("200 OK"))).toBe(true);
    expect(sent().isRefusedBy(responseHead("204 No Content"))).toBe(true);
    expect(sent().isRefusedBy(responseHead("400 Bad Request"))).toBe(false);
    const fromHttp1 = new ProtocolChange(exchangeOf(http1(WITH_KEY)));
    expect(fromHttp1.isRefusedBy(responseHead("200 OK"))).toBe(false);
  });
});

test("a caller with a key gets the answer that HTTP/2 does not give", () => {
  const change = new ProtocolChange(exchangeOf(http1(WITH_KEY)));
  change.edit(new HeadEdits(), connectionOf("h2"), Math.random);
  const options = { method: "GET", upgrade: "websocket" };
  const plain = responseOf([[":status", "200"]], options);
  expect(change.acceptEdit(plain)).toEqual({ kind: "set", to: ACCEPT });
  const said = responseOf(
    [
      [":status", "200"],
      ["sec-websocket-accept", ACCEPT],
    ],
    options,
  );
  expect(change.acceptEdit(said)).toBeUndefined();
  expect(change.acceptEdit(responseHead("101 Switching Protocols"))).toBeUndefined();
});
