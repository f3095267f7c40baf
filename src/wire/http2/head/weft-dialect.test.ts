/** What Weft proxies say to each other beyond RFC 9113, and what they do not. */
import { describe, expect, test } from "bun:test";
import { HpackDecoder } from "#wire/hpack/hpack-decoder.ts";
import { HpackEncoder } from "#wire/hpack/hpack-encoder.ts";
import { ByteWriter } from "#wire/http1/byte-writer.ts";
import {
  encodeRequestHead as encodeHttp1Request,
  encodeResponseHead as encodeHttp1Response,
} from "#wire/http1/encode-head.ts";
import { decodeRequestHead, REQUEST_LIMITS } from "#wire/http1/request-head.ts";
import { decodeResponseHead, RESPONSE_LIMITS } from "#wire/http1/response-head.ts";
import type { Http2Reason } from "../http2-error.ts";
import { encodeRequestHead } from "./encode-request-head.ts";
import { encodeResponseHead } from "./encode-response-head.ts";
import { type Field, outcomeOf, requestOf, responseOf, textOf } from "./testing/blocks.ts";

const WEFT = { dialect: "weft", allowsExtendedConnect: true } as const;

/** What the far side of two proxies sends to its server, straight and over HTTP/2 in our dialect. */
function requestBothWays(text: string): [straight: string, through: string] {
  const bytes = Buffer.from(text, "latin1");
  const head = decodeRequestHead(bytes, 0, bytes.length, REQUEST_LIMITS);
  if (head === undefined) throw new Error("incomplete");
  const straight = new ByteWriter(16);
  encodeHttp1Request(straight, head, undefined);
  const block = new ByteWriter(16);
  encodeRequestHead(block, new HpackEncoder(), head, undefined, "weft");
  const far = requestOf(Buffer.from(block.view()), {
    ...WEFT,
    endStream: head.bodyKind === "none",
  });
  const through = new ByteWriter(16);
  encodeHttp1Request(through, far, undefined);
  return [textOf(straight), textOf(through)];
}

function responseBothWays(text: string, method = "GET", upgrade = ""): [string, string] {
  const bytes = Buffer.from(text, "latin1");
  const head = decodeResponseHead(bytes, 0, bytes.length, method, RESPONSE_LIMITS);
  if (head === undefined) throw new Error("incomplete");
  const to = { minor: 1 as const, close: false, isConnect: method === "CONNECT" };
  const straight = new ByteWriter(16);
  encodeHttp1Response(straight, head, undefined, to);
  const block = new ByteWriter(16);
  encodeResponseHead(block, new HpackEncoder(), head, undefined, "weft", to.isConnect, upgrade);
  const far = responseOf(Buffer.from(block.view()), {
    ...WEFT,
    method,
    upgrade,
    endStream: head.bodyKind === "none" && head.status >= 200,
  });
  const through = new ByteWriter(16);
  encodeHttp1Response(through, far, undefined, to);
  return [textOf(straight), textOf(through)];
}

describe("a request survives byte for byte", () => {
  test.each([
    ["case and order", "GET / HTTP/1.1\r\nX-One: 1\r\nHOST: a\r\nx-tWO: 2\r\nX-One: 3\r\n\r\n"],
    [
      "unusual white space",
      "GET / HTTP/1.1\r\nHost:a\r\nX:  1 \r\nY:\t2\r\nZ:\r\nW:  \r\nV: 3\t \r\n\r\n",
    ],
    [
      "a secret with unusual white space",
      "GET / HTTP/1.1\r\nHost: a\r\nAuthorization:Basic x\r\n\r\n",
    ],
    ["framing where it stood", "POST / HTTP/1.1\r\nTRANSFER-encoding: chunked\r\nHost: a\r\n\r\n"],
    [
      "framing with white space",
      "POST / HTTP/1.1\r\nTransfer-Encoding:  chunked \r\nHost:  a\r\n\r\n",
    ],
    ["a length", "POST / HTTP/1.1\r\nHost: a\r\nContent-LENGTH:5\r\nX: y\r\n\r\n"],
    ["cookies apart", "GET / HTTP/1.1\r\nCookie: a\r\nHost: a\r\nCookie: b\r\n\r\n"],
    [
      "an upgrade",
      "GET /c HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX: y\r\n\r\n",
    ],
    [
      "an upgrade that is given up",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nUpgrade: h2c\r\n\r\n",
    ],
    ["CONNECT", "CONNECT b:1 HTTP/1.1\r\nX: y\r\nHost: other\r\n\r\n"],
    ["an absolute target", "GET http://b/p HTTP/1.1\r\nX: y\r\nHost: other\r\nZ: 1\r\n\r\n"],
    ["OPTIONS of the server", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"],
    ["an older version", "GET /p HTTP/1.0\r\nX: y\r\nHost: a\r\nConnection: keep-alive\r\n\r\n"],
    [
      "hop-by-hop fields",
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: x-hop\r\nX-Hop: 1\r\nTE: gzip\r\nKeep-Alive: 1\r\n\r\n",
    ],
    ["TE", "GET / HTTP/1.1\r\nHost: a\r\nTE: Trailers\r\n\r\n"],
    ["obs-text", "GET / HTTP/1.1\r\nHost: a\r\nX: caf\xe9\r\n\r\n"],
  ])("%s", (_, text) => {
    const [straight, through] = requestBothWays(text);
    expect(through).toBe(straight);
  });
});

describe("a response survives byte for byte", () => {
  test.each([
    ["case and order", "HTTP/1.1 200 OK\r\nServer: x\r\nDATE: y\r\nContent-Length: 3\r\n\r\n"],
    ["an unusual reason", "HTTP/1.1 200 All right then\r\nX: y\r\nContent-Length: 0\r\n\r\n"],
    ["an empty reason", "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n"],
    ["a reason that is not ASCII", "HTTP/1.1 404 Pas trouv\xe9\r\nContent-Length: 0\r\n\r\n"],
    ["a status without a name", "HTTP/1.1 299 Unknown\r\nContent-Length: 0\r\n\r\n"],
    ["framing where it stood", "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nX: y\r\n\r\n"],
    [
      "a body that ends with the connection",
      "HTTP/1.1 200 OK\r\nX: y\r\nConnection: close\r\n\r\n",
    ],
    [
      "426 with its Upgrade",
      "HTTP/1.1 426 Upgrade Required\r\nUpgrade: TLS/1.0\r\nContent-Length: 0\r\n\r\n",
    ],
    ["103", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"],
    ["204", "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\nX: y\r\n\r\n"],
    ["304 with a length", "HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n"],
  ])("%s", (_, text) => {
    const [straight, through] = responseBothWays(text);
    expect(through).toBe(straight);
  });

  test("to HEAD, with what GET would have", () => {
    for (const framing of ["Content-Length: 5", "Transfer-Encoding: chunked"]) {
      const [straight, through] = responseBothWays(`HTTP/1.1 200 OK\r\n${framing}\r\n\r\n`, "HEAD");
      expect(through).toBe(straight);
    }
  });

  test("to CONNECT", () => {
    const [straight, through] = responseBothWays("HTTP/1.1 200 Fine\r\nX: y\r\n\r\n", "CONNECT");
    expect(through).toBe(straight);
  });

  test("that changes the protocol", () => {
    const text =
      "HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\nConnection: Upgrade\r\nX: y\r\n\r\n";
    const [straight, through] = responseBothWays(text, "GET", "websocket");
    expect(through).toBe(straight);
  });

  test.each([
    ["a body", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: y\r\n\r\n"],
    ["chunks", "HTTP/1.1 203 Fine\r\nTransfer-Encoding: chunked\r\n\r\n"],
    ["no body", "HTTP/1.1 204 No Content\r\nUpgrade: websocket\r\n\r\n"],
  ])("that keeps the protocol though another was asked for, with %s", (_, text) => {
    const [straight, through] = responseBothWays(text, "GET", "websocket");
    expect(through).toBe(straight);
  });

  test("that changes the protocol without naming it changes to the one that was asked for", () => {
    const text = "HTTP/1.1 101 Switching Protocols\r\nX: y\r\n\r\n";
    const [straight, through] = responseBothWays(text, "GET", "chat");
    expect(through).toBe(straight.replace("X: y", "X: y\r\nupgrade: chat"));
  });
});

describe("a request in Weft's dialect is malformed", () => {
  const GET: Field[] = [
    [":method", "GET"],
    [":scheme", "http"],
    [":path", "/"],
    ["Host", "a"],
  ];
  const CHAT: Field[] = [[":method", "CONNECT"], [":protocol", "websocket"], ...GET.slice(1)];
  test.each<[string, Field[], Http2Reason]>([
    [
      "an authority that is no target of CONNECT",
      [...GET.slice(0, 3), [":authority", "a"], ["Host", "a"]],
      "unknown-pseudo-field",
    ],
    ["no Host", GET.slice(0, 3), "missing-host"],
    ["two Hosts", [...GET, ["host", "a"]], "repeated-host"],
    ["a coding in odd case", [...GET, ["Transfer-Encoding", "Chunked"]], "connection-field"],
    ["another coding", [...GET, ["Transfer-Encoding", "gzip, chunked"]], "connection-field"],
    [
      "two codings",
      [...GET, ["Transfer-Encoding", "chunked"], ["transfer-encoding:", "chunked"]],
      "connection-field",
    ],
    [
      "a coding and a length",
      [...GET, ["Transfer-Encoding", "chunked"], ["Content-Length", "1"]],
      "bad-content-length",
    ],
    ["an upgrade without its pseudo-field", [...GET, ["Upgrade", "websocket"]], "connection-field"],
    ["an upgrade to something else", [...CHAT, ["Upgrade", "h2c"]], "connection-field"],
    ["an upgrade to more than one", [...CHAT, ["Upgrade", "websocket, h2c"]], "connection-field"],
    [
      "two upgrades",
      [...CHAT, ["Upgrade", "WebSocket"], ["upgrade", "websocket"]],
      "connection-field",
    ],
    ["Connection", [...GET, ["Connection", "close"]], "connection-field"],
    ["Connection with unusual white space", [...GET, ["Connection:", "close"]], "connection-field"],
    [
      "a bad length with unusual white space",
      [...GET, ["Content-Length:", " +1"]],
      "bad-content-length",
    ],
    [
      "two lengths, one with unusual white space",
      [...GET, ["Content-Length:", " 1"], ["Content-Length", "1"]],
      "bad-content-length",
    ],
    ["a colon in a name", [...GET, ["a:b", "c"]], "bad-field-name"],
    ["two colons", [...GET, ["a::", "c"]], "bad-field-name"],
    ["white space that is not told by the name", [...GET, ["a", " c"]], "bad-field-value"],
    ["a line ending", [...GET, ["a:", " c\r\nd: e"]], "bad-field-value"],
  ])("%s", (_, fields, reason) => {
    expect(outcomeOf(() => requestOf(fields, WEFT))).toBe(reason);
  });

  test("that is chunked and ends with its head", () => {
    const fields: Field[] = [...GET, ["Transfer-Encoding", "chunked"]];
    expect(outcomeOf(() => requestOf(fields, { ...WEFT, endStream: true }))).toBe(
      "body-length-mismatch",
    );
  });
});

test("a secret whose line has unusual white space is never kept on the way", () => {
  const text = "GET / HTTP/1.1\r\nHost: a\r\nAuthorization:Bearer 0123456789\r\n\r\n";
  const bytes = Buffer.from(text);
  const head = decodeRequestHead(bytes, 0, bytes.length, REQUEST_LIMITS);
  if (head === undefined) throw new Error("incomplete");
  const out = new ByteWriter(16);
  encodeRequestHead(out, new HpackEncoder(), head, undefined, "weft");
  const hpack = new HpackDecoder();
  const far = requestOf(Buffer.from(out.view()), WEFT, hpack);
  expect(far.field("authorization")).toBe("Bearer 0123456789");
  expect(far.sensitive).not.toBe(0);
  // Only Host is in the table.
  expect(hpack.tableBytes).toBe("Host".length + 1 + 32);
});
