import { describe, expect, test } from "bun:test";
import { HpackDecoder } from "#wire/hpack/hpack-decoder.ts";
import { HpackEncoder } from "#wire/hpack/hpack-encoder.ts";
import { decodeBlock, type FieldList } from "#wire/hpack/testing/field-list.ts";
import { ByteWriter } from "#wire/http1/byte-writer.ts";
import { encodeRequestHead as encodeHttp1 } from "#wire/http1/encode-head.ts";
import type { Http1RequestHead } from "#wire/http1/head.ts";
import { HeadEdits } from "#wire/http1/head-edits.ts";
import { decodeRequestHead, REQUEST_LIMITS } from "#wire/http1/request-head.ts";
import { decodeResponseHead, RESPONSE_LIMITS } from "#wire/http1/response-head.ts";
import type { Dialect } from "./dialect.ts";
import { encodeRequestHead, isExtendedConnect } from "./encode-request-head.ts";
import {
  encodeLocalResponse,
  encodeResponseHead,
  type LocalHttp2Response,
} from "./encode-response-head.ts";
import { encodeTrailers } from "./encode-trailers.ts";
import {
  blockOf,
  type Field,
  requestOf,
  responseOf,
  textOf,
  trailersOf,
} from "./testing/blocks.ts";

function headOf(text: string): Http1RequestHead {
  const bytes = Buffer.from(text, "latin1");
  const head = decodeRequestHead(bytes, 0, bytes.length, REQUEST_LIMITS);
  if (head === undefined) throw new Error("incomplete");
  return head;
}

/** The fields of the block that `encode` writes. */
function listOf(encode: (out: ByteWriter, hpack: HpackEncoder) => void): FieldList {
  const out = new ByteWriter(4);
  encode(out, new HpackEncoder());
  return decodeBlock(new HpackDecoder(), Buffer.from(out.view()));
}

const request = (text: string, edits?: HeadEdits, dialect: Dialect = "standard"): Field[] =>
  listOf((out, hpack) => encodeRequestHead(out, hpack, headOf(text), edits, dialect)).pairs;

function response(
  text: string,
  edits?: HeadEdits,
  given: { method?: string; dialect?: Dialect } = {},
): Field[] {
  const bytes = Buffer.from(text, "latin1");
  const { method = "GET", dialect = "standard" } = given;
  const head = decodeResponseHead(bytes, 0, bytes.length, method, RESPONSE_LIMITS);
  if (head === undefined) throw new Error("incomplete");
  return listOf((out, hpack) =>
    encodeResponseHead(out, hpack, head, edits, dialect, method === "CONNECT"),
  ).pairs;
}

const LINE: Field[] = [
  [":method", "GET"],
  [":scheme", "http"],
  [":path", "/p?q"],
  [":authority", "a:80"],
];

describe("a request of HTTP/1", () => {
  test("has its line and Host as pseudo-fields, then its fields in lower case", () => {
    expect(request("GET /p?q HTTP/1.1\r\nX-One:1\r\nHost: a:80\r\nX-Two:  2 \r\n\r\n")).toEqual([
      ...LINE,
      ["x-one", "1"],
      ["x-two", "2"],
    ]);
  });

  test("loses what belongs to its connection", () => {
    const fields =
      "Connection: x-hop, close\r\nX-Hop: 1\r\nKeep-Alive: 1\r\nProxy-Connection: close\r\nTE: gzip\r\n" +
      "Transfer-Encoding: chunked\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n";
    expect(request(`GET /p?q HTTP/1.1\r\nHost: a:80\r\n${fields}X: y\r\n\r\n`)).toEqual([
      ...LINE,
      ["x", "y"],
    ]);
  });

  test("keeps TE for trailers, and its length", () => {
    const text = "GET /p?q HTTP/1.1\r\nHost: a:80\r\nTE: trailers\r\nContent-Length: 5\r\n\r\n";
    expect(request(text)).toEqual([...LINE, ["te", "trailers"], ["content-length", "5"]]);
  });

  test.each<[string, Field[]]>([
    [
      "POST / HTTP/1.1\r\nHost: a\r\n\r\n",
      [
        [":method", "POST"],
        [":scheme", "http"],
        [":path", "/"],
        [":authority", "a"],
      ],
    ],
    [
      "M-SEARCH /x HTTP/1.1\r\nHost: a\r\n\r\n",
      [
        [":method", "M-SEARCH"],
        [":scheme", "http"],
        [":path", "/x"],
        [":authority", "a"],
      ],
    ],
    [
      "GET http://b?q HTTP/1.1\r\nHost: a\r\n\r\n",
      [
        [":method", "GET"],
        [":scheme", "http"],
        [":path", "/?q"],
        [":authority", "b"],
      ],
    ],
    [
      "GET https://b/c HTTP/1.1\r\nHost: a\r\n\r\n",
      [
        [":method", "GET"],
        [":scheme", "https"],
        [":path", "/c"],
        [":authority", "b"],
      ],
    ],
    [
      "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
      [
        [":method", "OPTIONS"],
        [":scheme", "http"],
        [":path", "*"],
        [":authority", "a"],
      ],
    ],
    [
      "CONNECT b:1 HTTP/1.1\r\nHost: a\r\n\r\n",
      [
        [":method", "CONNECT"],
        [":authority", "b:1"],
      ],
    ],
    [
      "GET /old HTTP/1.0\r\n\r\n",
      [
        [":method", "GET"],
        [":scheme", "http"],
        [":path", "/old"],
      ],
    ],
  ])("%j", (text, pairs) => {
    expect(request(text)).toEqual(pairs);
  });

  test("came by the scheme that is given", () => {
    const head = headOf("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    const list = listOf((out, hpack) =>
      encodeRequestHead(out, hpack, head, undefined, "standard", "https"),
    );
    expect(list.pairs).toContainEqual([":scheme", "https"]);
  });

  test("that upgrades is an extended CONNECT", () => {
    const text =
      "GET /c HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\nX: y\r\n\r\n";
    expect(isExtendedConnect(headOf(text))).toBe(true);
    expect(request(text)).toEqual([
      [":method", "CONNECT"],
      [":scheme", "http"],
      [":path", "/c"],
      [":authority", "a"],
      [":protocol", "websocket"],
      ["x", "y"],
    ]);
  });

  test.each([
    ["several protocols", "Upgrade: websocket, chat\r\n"],
    ["two fields", "Upgrade: websocket\r\nUpgrade: chat\r\n"],
    ["a length, if it is zero", "Upgrade: websocket\r\nContent-Length: 0\r\n"],
  ])("with %s is none", (_, fields) => {
    const text = `GET /c HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n${fields}\r\n`;
    expect(isExtendedConnect(headOf(text))).toBe(false);
  });

  test("with a body does not upgrade", () => {
    const text =
      "POST /c HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\nContent-Length: 1\r\n\r\n";
    expect(isExtendedConnect(headOf(text))).toBe(false);
    expect(request(text).map(([name]) => name)).not.toContain("upgrade");
  });
});

describe("edits of a request", () => {
  const TEXT = "GET /p?q HTTP/1.1\r\nHost: a:80\r\nX-A: 1\r\nX-B: 2\r\nX-A: 3\r\n\r\n";
  const after = (edits: HeadEdits, dialect?: Dialect): Field[] =>
    request(TEXT, edits, dialect).filter(([name]) => !name.startsWith(":"));

  test.each<[string, HeadEdits, Field[]]>([
    [
      "set one that is there",
      new HeadEdits().set("x-a", "9"),
      [
        ["x-a", "9"],
        ["x-b", "2"],
      ],
    ],
    [
      "set one that is not",
      new HeadEdits().set("X-New", "9"),
      [
        ["x-a", "1"],
        ["x-b", "2"],
        ["x-a", "3"],
        ["x-new", "9"],
      ],
    ],
    ["remove", new HeadEdits().remove("x-a"), [["x-b", "2"]]],
    [
      "rename",
      new HeadEdits().rename("x-a", "X-Z"),
      [
        ["x-z", "1"],
        ["x-b", "2"],
        ["x-z", "3"],
      ],
    ],
    [
      "add",
      new HeadEdits().add("x-b", "9").add("x-c", "8"),
      [
        ["x-a", "1"],
        ["x-b", "2"],
        ["x-a", "3"],
        ["x-b", "9"],
        ["x-c", "8"],
      ],
    ],
    ["set with spaces around", new HeadEdits().set("x-a", " 9 ").remove("x-b"), [["x-a", "9"]]],
    [
      "add what belongs to a connection",
      new HeadEdits().remove("x-a").add("upgrade", "x").add("te", "gzip").set("keep-alive", "1"),
      [["x-b", "2"]],
    ],
  ])("%s", (_, edits, pairs) => {
    expect(after(edits)).toEqual(pairs);
  });

  test.each<[string, HeadEdits, string | undefined]>([
    ["set", new HeadEdits().set("Host", "new"), "new"],
    ["removed", new HeadEdits().remove("host"), undefined],
    ["renamed", new HeadEdits().rename("host", "x-host"), undefined],
  ])("Host is %s", (_, edits, authority) => {
    const pairs = request(TEXT, edits);
    expect(pairs.find(([name]) => name === ":authority")?.[1]).toBe(authority as string);
    expect(pairs.map(([name]) => name)).not.toContain("host");
    if (authority === undefined && edits.edits[0]?.kind === "rename")
      expect(pairs).toContainEqual(["x-host", "a:80"]);
  });

  test("the target is replaced", () => {
    const edits = new HeadEdits();
    edits.target = "/new";
    expect(request(TEXT, edits)[2]).toEqual([":path", "/new"]);
    edits.target = "/";
    expect(request(TEXT, edits)[2]).toEqual([":path", "/"]);
  });

  test.each([
    ["set", new HeadEdits().set("x-a", "9").set("x-new", "8")],
    ["set Host", new HeadEdits().set("host", "new")],
    ["remove and rename", new HeadEdits().remove("x-b").rename("x-a", "X-Z")],
    ["add", new HeadEdits().add("X-C", "1").addLines("X-D: 2\r\nx-e: 3\r\n")],
  ])("%s does in Weft's dialect what it does in HTTP/1", (_, edits) => {
    for (const text of [TEXT, TEXT.replace("/p?q", "http://b/p?q")]) {
      const straight = new ByteWriter(16);
      encodeHttp1(straight, headOf(text), edits);
      const block = new ByteWriter(16);
      encodeRequestHead(block, new HpackEncoder(), headOf(text), edits, "weft");
      const far = requestOf(Buffer.from(block.view()), { dialect: "weft", endStream: true });
      const through = new ByteWriter(16);
      encodeHttp1(through, far, undefined);
      expect(textOf(through)).toBe(textOf(straight));
    }
  });
});

describe("a request that came by HTTP/2", () => {
  test("goes on as it came", () => {
    const fields: Field[] = [...LINE, ["x-a", "1"], ["te", "trailers"], ["x-b", "2"]];
    const list = listOf((out, hpack) =>
      encodeRequestHead(out, hpack, requestOf(fields), undefined, "standard"),
    );
    expect(list.pairs as Field[]).toEqual(fields);
  });

  test("keeps its scheme and its protocol", () => {
    const fields: Field[] = [
      [":method", "CONNECT"],
      [":scheme", "https"],
      [":path", "/c"],
      [":authority", "a"],
      [":protocol", "websocket"],
      ["x", "y"],
    ];
    const head = requestOf(fields, { allowsExtendedConnect: true });
    const list = listOf((out, hpack) => encodeRequestHead(out, hpack, head, undefined, "standard"));
    expect(list.pairs as Field[]).toEqual(fields);
  });

  test("keeps from tables what its sender kept from them", () => {
    const block = Buffer.concat([blockOf(LINE), blockOf([["x-key", "k"]], 0x10)]);
    const list = listOf((out, hpack) =>
      encodeRequestHead(out, hpack, requestOf(block), undefined, "standard"),
    );
    expect(list.fields.find(({ name }) => name === "x-key")?.isSensitive).toBe(true);
  });
});

describe("a response", () => {
  test("has its status, and its fields in lower case", () => {
    const text =
      "HTTP/1.1 404 Gone fishing\r\nServer: x\r\nContent-Length: 3\r\nConnection: close\r\n\r\n";
    expect(response(text)).toEqual([
      [":status", "404"],
      ["server", "x"],
      ["content-length", "3"],
    ]);
  });

  test.each<[string, { method?: string; dialect?: Dialect }, Field[]]>([
    ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", {}, [[":status", "200"]]],
    [
      "HTTP/1.1 299 Odd\r\nX: y\r\n\r\n",
      {},
      [
        [":status", "299"],
        ["x", "y"],
      ],
    ],
    ["HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", {}, [[":status", "204"]]],
    [
      "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
      {},
      [
        [":status", "304"],
        ["content-length", "9"],
      ],
    ],
    [
      "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
      { method: "HEAD" },
      [
        [":status", "200"],
        ["content-length", "9"],
      ],
    ],
    ["HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", { method: "CONNECT" }, [[":status", "200"]]],
    [
      "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",
      {},
      [
        [":status", "103"],
        ["link", "</a>"],
      ],
    ],
    [
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\nA: b\r\n\r\n",
      {},
      [
        [":status", "200"],
        ["a", "b"],
      ],
    ],
    [
      "HTTP/1.1 426 Upgrade Required\r\nUpgrade: x\r\nContent-Length: 0\r\n\r\n",
      {},
      [
        [":status", "426"],
        ["content-length", "0"],
      ],
    ],
    [
      "HTTP/1.1 200 OK\r\nConnection: x-hop\r\nX-Hop: 1\r\nTE: trailers\r\nA: b\r\n\r\n",
      {},
      [
        [":status", "200"],
        ["a", "b"],
      ],
    ],
    [
      "HTTP/1.1 200 OK\r\nX: y\r\n\r\n",
      { dialect: "weft" },
      [
        [":status", "200"],
        ["X", "y"],
      ],
    ],
    [
      "HTTP/1.1 200 Fine\r\nX: y\r\n\r\n",
      { dialect: "weft" },
      [
        [":status", "200"],
        [":reason", "Fine"],
        ["X", "y"],
      ],
    ],
  ])("%j %j", (text, given, pairs) => {
    expect(response(text, undefined, given)).toEqual(pairs);
  });

  test("is edited", () => {
    const edits = new HeadEdits().set("server", "weft").remove("x-b").add("x-c", "1");
    const text = "HTTP/1.1 200 OK\r\nServer: x\r\nX-B: 1\r\nContent-Length: 0\r\n\r\n";
    expect(response(text, edits)).toEqual([
      [":status", "200"],
      ["server", "weft"],
      ["content-length", "0"],
      ["x-c", "1"],
    ]);
  });

  test("of our own has a length and a date", () => {
    const local = (given: Partial<LocalHttp2Response>): Field[] =>
      listOf((out, hpack) =>
        encodeLocalResponse(out, hpack, {
          status: 200,
          fields: [],
          contentLength: undefined,
          date: "",
          ...given,
        }),
      ).pairs;
    expect(
      local({ status: 503, fields: [["Weft-Error", "x y"]], contentLength: 12, date: "today" }),
    ).toEqual([
      [":status", "503"],
      ["weft-error", "x y"],
      ["content-length", "12"],
      ["date", "today"],
    ]);
    expect(local({ status: 100 })).toEqual([[":status", "100"]]);
    expect(
      local({
        fields: [
          ["connection", "close"],
          ["a", "b"],
        ],
      }),
    ).toEqual([
      [":status", "200"],
      ["a", "b"],
    ]);
    expect(() => local({ fields: [["a", "b\r\nc: d"]] })).toThrow(RangeError);
    expect(() => local({ fields: [["a b", "c"]] })).toThrow(RangeError);
  });
});

describe("trailers", () => {
  const encoded = (given: Parameters<typeof encodeTrailers>[2], dialect: Dialect): Field[] =>
    listOf((out, hpack) => encodeTrailers(out, hpack, given, dialect)).pairs;

  test("go on from bytes and from texts, but for what may not be there", () => {
    const fields: Field[] = [
      ["Grpc-Status", "0"],
      ["x-a", "1"],
      ["Connection", "close"],
      ["Content-Length", "1"],
    ];
    const view = {
      fieldCount: fields.length,
      fieldName: (i: number) => fields[i]?.[0] ?? "",
      fieldValue: (i: number) => fields[i]?.[1] ?? "",
    };
    expect(encoded(view, "standard")).toEqual([
      ["grpc-status", "0"],
      ["x-a", "1"],
    ]);
    expect(encoded(view, "weft")).toEqual([
      ["Grpc-Status", "0"],
      ["x-a", "1"],
    ]);
    const decoded = trailersOf(
      [
        ["Grpc-Status", "0"],
        ["x-a", "1"],
      ],
      { dialect: "weft" },
    );
    expect(encoded(decoded, "standard")).toEqual([
      ["grpc-status", "0"],
      ["x-a", "1"],
    ]);
    expect(encoded(decoded, "weft")).toEqual([
      ["Grpc-Status", "0"],
      ["x-a", "1"],
    ]);
  });
});

test("a head of HTTP/2 answers by HTTP/2 as it came", () => {
  const fields: Field[] = [
    [":status", "200"],
    ["content-type", "application/grpc"],
    ["x-a", ""],
  ];
  const list = listOf((out, hpack) =>
    encodeResponseHead(out, hpack, responseOf(fields), undefined, "standard"),
  );
  expect(list.pairs).toEqual(fields as [string, string][]);
});
