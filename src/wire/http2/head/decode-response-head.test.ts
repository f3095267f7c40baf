import { describe, expect, test } from "bun:test";
import { ByteWriter } from "#wire/http1/byte-writer.ts";
import { encodeResponseHead } from "#wire/http1/encode-head.ts";
import { decodeResponseHead as decodeHttp1, RESPONSE_LIMITS } from "#wire/http1/response-head.ts";
import type { Http2Reason } from "../http2-error.ts";
import type { DecodeResponseOptions } from "./decode-response-head.ts";
import {
  type Field,
  linesOf,
  outcomeOf,
  responseOf,
  textOf,
  trailersOf,
} from "./testing/blocks.ts";

const OK: Field[] = [[":status", "200"]];
const reasonOf = (fields: readonly Field[], options: Partial<DecodeResponseOptions> = {}): string =>
  outcomeOf(() => responseOf(fields, options));

describe("a response", () => {
  test("is a head like one of HTTP/1, and says that it came by HTTP/2", () => {
    const head = responseOf([...OK, ["content-type", "text/plain"], ["content-length", "5"]]);
    expect([head.status, head.reason, head.protocol as string]).toEqual([200, "OK", "HTTP/2"]);
    expect([head.bodyKind as string, head.contentLength, head.keepAlive]).toEqual([
      "length",
      5,
      true,
    ]);
    const again = decodeHttp1(
      head.bytes,
      head.base,
      head.base + head.sizeBytes,
      "GET",
      RESPONSE_LIMITS,
    );
    expect(again?.offsets).toEqual(head.offsets);
    expect([again?.mask, again?.known]).toEqual([head.mask, head.known]);
    expect({ ...again?.facts, version: "HTTP/2" } as object).toEqual(head.facts);
  });

  test("goes on to HTTP/1 with the usual reason", () => {
    const out = new ByteWriter(16);
    const to = { minor: 1 as const, close: false, isConnect: false };
    encodeResponseHead(
      out,
      responseOf([
        [":status", "404"],
        ["x", "y"],
      ]),
      undefined,
      to,
    );
    expect(textOf(out)).toBe(
      "HTTP/1.1 404 Not Found\r\nx: y\r\ntransfer-encoding: chunked\r\n\r\n",
    );
  });

  test("may come in pieces before its final head", () => {
    const head = responseOf([
      [":status", "103"],
      ["link", "</a>"],
    ]);
    expect([head.status, head.bodyKind as string]).toEqual([103, "none"]);
    expect(linesOf(head)).toEqual([["link", "</a>"]]);
    expect(reasonOf([[":status", "103"]], { endStream: true })).toBe("bad-status");
  });

  test("keeps cookies that are set apart", () => {
    const head = responseOf([...OK, ["set-cookie", "a"], ["cookie", "x"], ["cookie", "y"]]);
    expect(linesOf(head).slice(0, 3)).toEqual([
      ["set-cookie", "a"],
      ["cookie", "x"],
      ["cookie", "y"],
    ]);
  });
});

describe("the body of a response", () => {
  test.each<[string, Field[], Partial<DecodeResponseOptions>, string]>([
    ["is chunked to HTTP/1 without a length", OK, {}, "chunked"],
    ["is none when the stream ends", OK, { endStream: true }, "none"],
    ["is none for HEAD", [...OK, ["content-length", "5"]], { method: "HEAD" }, "none"],
    [
      "is none for HEAD at the end",
      [...OK, ["content-length", "5"]],
      { method: "HEAD", endStream: true },
      "none",
    ],
    [
      "is none for 304",
      [
        [":status", "304"],
        ["content-length", "5"],
      ],
      { endStream: true },
      "none",
    ],
    ["is none for 204", [[":status", "204"]], {}, "none"],
    ["is none for CONNECT", OK, { method: "CONNECT" }, "none"],
    ["is there for CONNECT that failed", [[":status", "503"]], { method: "CONNECT" }, "chunked"],
  ])("%s", (_, fields, options, kind) => {
    const head = responseOf(fields, options);
    expect(head.bodyKind as string).toBe(kind);
    expect(head.has("transfer-encoding")).toBe(kind === "chunked");
  });

  test("cannot be missing when a length is promised", () => {
    expect(reasonOf([...OK, ["content-length", "5"]], { endStream: true })).toBe(
      "body-length-mismatch",
    );
    expect(reasonOf([...OK, ["content-length", "0"]], { endStream: true })).toBe("valid");
  });
});

test("a response to an extended CONNECT is 101 to HTTP/1", () => {
  const head = responseOf([...OK, ["x", "y"]], { method: "GET", upgrade: "websocket" });
  expect([head.status, head.facts.upgrade, head.bodyKind as string]).toEqual([
    101,
    "websocket",
    "none",
  ]);
  const out = new ByteWriter(16);
  encodeResponseHead(out, head, undefined, { minor: 1, close: false, isConnect: false });
  expect(textOf(out)).toBe(
    "HTTP/1.1 101 Switching Protocols\r\nx: y\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n",
  );
  const refused = responseOf([[":status", "403"]], { method: "GET", upgrade: "websocket" });
  expect([refused.status, refused.bodyKind as string]).toEqual([403, "chunked"]);
});

describe("a response is malformed", () => {
  test.each<[string, Field[], Http2Reason]>([
    ["no fields", [], "missing-pseudo-field"],
    ["no status", [["x", "y"]], "missing-pseudo-field"],
    ["an empty status", [[":status", ""]], "bad-status"],
    ["a status of two digits", [[":status", "20"]], "bad-status"],
    ["a status of four digits", [[":status", "2000"]], "bad-status"],
    ["a signed status", [[":status", "+20"]], "bad-status"],
    ["a status with a reason", [[":status", "200 OK"]], "bad-status"],
    ["a status below 100", [[":status", "099"]], "bad-status"],
    ["a status above 599", [[":status", "600"]], "bad-status"],
    ["101", [[":status", "101"]], "unexpected-upgrade"],
    ["two statuses", [...OK, [":status", "200"]], "repeated-pseudo-field"],
    ["a status behind a field", [["x", "y"], ...OK], "late-pseudo-field"],
    ["a pseudo-field of requests", [...OK, [":path", "/"]], "unknown-pseudo-field"],
    ["the reason of Weft's dialect", [...OK, [":reason", "Fine"]], "unknown-pseudo-field"],
    ["an upper-case name", [...OK, ["X", "y"]], "upper-case-field-name"],
    ["a value that would inject a line", [...OK, ["x", "y\r\nz: a"]], "bad-field-value"],
    ["Connection", [...OK, ["connection", "close"]], "connection-field"],
    ["Transfer-Encoding", [...OK, ["transfer-encoding", "chunked"]], "connection-field"],
    ["Upgrade", [...OK, ["upgrade", "h2c"]], "connection-field"],
    [
      "two lengths",
      [...OK, ["content-length", "1"], ["content-length", "1"]],
      "bad-content-length",
    ],
    ["a length that is none", [...OK, ["content-length", "x"]], "bad-content-length"],
  ])("%s", (_, fields, reason) => {
    expect(reasonOf(fields)).toBe(reason);
  });
});

test("Upgrade comes with 426 only, in Weft's dialect only", () => {
  const weft = { dialect: "weft" } as const;
  expect(
    reasonOf(
      [
        [":status", "426"],
        ["Upgrade", "x"],
      ],
      weft,
    ),
  ).toBe("valid");
  expect(
    reasonOf([
      [":status", "426"],
      ["upgrade", "x"],
    ]),
  ).toBe("connection-field");
  expect(reasonOf([...OK, ["Upgrade", "x"]], weft)).toBe("connection-field");
  expect(reasonOf([...OK, ["Upgrade", "x"]], { ...weft, upgrade: "x" })).toBe("valid");
});

describe("trailers", () => {
  const trailerReason = (fields: readonly Field[], options = {}): string =>
    outcomeOf(() => trailersOf(fields, options));

  test("are fields, in order", () => {
    const trailers = trailersOf([
      ["grpc-status", "0"],
      ["grpc-message", ""],
      ["x-a", "1"],
    ]);
    expect(linesOf(trailers)).toEqual([
      ["grpc-status", "0"],
      ["grpc-message", ""],
      ["x-a", "1"],
    ]);
    expect(trailers.field("grpc-status")).toBe("0");
    const lines = "grpc-status: 0\r\ngrpc-message: \r\nx-a: 1\r\n\r\n";
    const { bytes, base } = trailers;
    expect(bytes.toString("latin1", base, base + lines.length)).toBe(lines);
    expect(trailersOf([]).fieldCount).toBe(0);
  });

  test.each<[string, Field, Http2Reason]>([
    ["a pseudo-field of requests", [":path", "/"], "unknown-pseudo-field"],
    ["a pseudo-field of responses", [":status", "200"], "unknown-pseudo-field"],
    ["an unknown pseudo-field", [":x", "y"], "unknown-pseudo-field"],
    ["Content-Length", ["content-length", "1"], "forbidden-trailer"],
    ["Host", ["host", "a"], "forbidden-trailer"],
    ["Authorization", ["authorization", "a"], "forbidden-trailer"],
    ["a cookie", ["cookie", "a"], "forbidden-trailer"],
    ["an identity", ["x-forwarded-client-cert", "a"], "forbidden-trailer"],
    ["TE", ["te", "trailers"], "forbidden-trailer"],
    ["Connection", ["connection", "close"], "connection-field"],
    ["Transfer-Encoding", ["transfer-encoding", "chunked"], "connection-field"],
    ["an upper-case name", ["X", "y"], "upper-case-field-name"],
    ["a bad name", ["x y", "y"], "bad-field-name"],
    ["a value that would inject a line", ["x", "y\r\nz: a"], "bad-field-value"],
    ["a value that ends with a space", ["x", "y "], "bad-field-value"],
  ])("do not have %s", (_, field, reason) => {
    expect(trailerReason([["a", "b"], field])).toBe(
      field[0].startsWith(":") ? "late-pseudo-field" : reason,
    );
    expect(trailerReason([field])).toBe(reason);
  });

  test("end the stream", () => {
    expect(trailerReason([["a", "b"]], { endStream: false })).toBe("unfinished-trailers");
  });

  test("are within the limits", () => {
    const limits = { maxBytes: 20, maxFields: 2 };
    expect(
      trailerReason(
        [
          ["a", "b"],
          ["a", "b"],
        ],
        { limits },
      ),
    ).toBe("valid");
    expect(
      trailerReason(
        [
          ["a", "b"],
          ["a", "b"],
          ["a", "b"],
        ],
        { limits },
      ),
    ).toBe("too-many-fields");
    expect(trailerReason([["a", "b".repeat(16)]], { limits })).toBe("head-too-large");
  });
});
