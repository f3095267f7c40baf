import { describe, expect, test } from "bun:test";
import { ByteWriter } from "./byte-writer.ts";
import { encodeRequestHead, encodeResponseHead } from "./encode-head.ts";
import { fieldLine, HeadEdits } from "./head-edits.ts";
import { encodeLocalHead, localRequestHead } from "./local-head.ts";
import { decodeRequestHead, REQUEST_LIMITS } from "./request-head.ts";
import { decodeResponseHead, RESPONSE_LIMITS } from "./response-head.ts";

function request(text: string, edits?: HeadEdits): string {
  const bytes = Buffer.from(`garbage${text}`, "latin1");
  const head = decodeRequestHead(bytes, 7, bytes.length, REQUEST_LIMITS);
  if (head === undefined) throw new Error("incomplete");
  const out = new ByteWriter(16);
  encodeRequestHead(out, head, edits);
  return out.view().toString("latin1");
}

const TO = { minor: 1 as 0 | 1, close: false, isConnect: false };

function response(text: string, edits?: HeadEdits, to: Partial<typeof TO> = {}): string {
  const bytes = Buffer.from(text, "latin1");
  const head = decodeResponseHead(bytes, 0, bytes.length, "GET", RESPONSE_LIMITS);
  if (head === undefined) throw new Error("incomplete");
  const out = new ByteWriter(16);
  encodeResponseHead(out, head, edits, { ...TO, ...to });
  return out.view().toString("latin1");
}

describe("a request that is passed on", () => {
  test("is the same bytes when nothing has to change", () => {
    const text = "GET /a%20b?c HTTP/1.1\r\nHOST: x\r\nx-A:  1 \r\nX-a:2\r\n\r\n";
    expect(request(text)).toBe(text);
    expect(request(text, new HeadEdits())).toBe(text);
  });

  test("loses what belongs to one hop", () => {
    expect(
      request(
        "GET / HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, X-Hop\r\nKeep-Alive: 5\r\nA: 1\r\nX-Hop: 1\r\n" +
          "Proxy-Connection: close\r\nTE: gzip\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\nB: 2\r\n\r\n",
      ),
    ).toBe("GET / HTTP/1.1\r\nHost: x\r\nA: 1\r\nB: 2\r\n\r\n");
  });

  test("keeps an upgrade, and that trailers are welcome", () => {
    expect(
      request(
        "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nTE: trailers\r\n\r\n",
      ),
    ).toBe(
      "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nTE: trailers\r\nconnection: upgrade\r\n\r\n",
    );
  });

  test("in absolute form goes in origin form, with the host of the target", () => {
    expect(request("GET http://t:1/p HTTP/1.1\r\nHost: h\r\nA: 1\r\n\r\n")).toBe(
      "GET /p HTTP/1.1\r\nhost: t:1\r\nA: 1\r\n\r\n",
    );
    expect(
      request("GET http://t/p HTTP/1.1\r\nHost: h\r\n\r\n", new HeadEdits().set("host", "new")),
    ).toBe("GET /p HTTP/1.1\r\nHost: new\r\n\r\n");
  });

  test("in absolute form keeps a Host that says the same", () => {
    expect(request("GET http://t:1/p HTTP/1.1\r\nA: 1\r\nHOST: t:1\r\n\r\n")).toBe(
      "GET /p HTTP/1.1\r\nA: 1\r\nHOST: t:1\r\n\r\n",
    );
  });

  test("with HTTP/1.0 goes on as HTTP/1.1", () => {
    expect(request("GET / HTTP/1.0\r\nA: 1\r\n\r\n")).toBe(
      "GET / HTTP/1.1\r\nhost:\r\nA: 1\r\n\r\n",
    );
  });
});

describe("edits", () => {
  const text = "GET /old HTTP/1.1\r\nHost: x\r\nX-One: 1\r\nKeep: k\r\nx-one: 2\r\nLast: l\r\n\r\n";

  test("set replaces in place and takes the repeats away", () => {
    expect(request(text, new HeadEdits().set("x-one", "new"))).toBe(
      "GET /old HTTP/1.1\r\nHost: x\r\nX-One: new\r\nKeep: k\r\nLast: l\r\n\r\n",
    );
  });

  test("set appends what was absent, add appends whatever there is", () => {
    expect(
      request(
        text,
        new HeadEdits().set("X-New", "n").add("Keep", "2").addLines(fieldLine("z", "1")),
      ),
    ).toBe(
      "GET /old HTTP/1.1\r\nHost: x\r\nX-One: 1\r\nKeep: k\r\nx-one: 2\r\nLast: l\r\nX-New: n\r\nKeep: 2\r\nz: 1\r\n\r\n",
    );
  });

  test("remove and rename", () => {
    expect(request(text, new HeadEdits().remove("LAST").rename("x-one", "X-Two"))).toBe(
      "GET /old HTTP/1.1\r\nHost: x\r\nX-Two: 1\r\nKeep: k\r\nX-Two: 2\r\n\r\n",
    );
  });

  test("a later edit of a name wins, and a cleared list edits nothing", () => {
    const edits = new HeadEdits().set("last", "1").remove("last");
    expect(request(text, edits)).not.toContain("Last");
    expect(request(text, edits.clear())).toBe(text);
    expect(edits.isEmpty).toBe(true);
  });

  test("the target is replaced", () => {
    const edits = new HeadEdits();
    edits.target = "/new?q";
    expect(request(text, edits)).toStartWith("GET /new?q HTTP/1.1\r\nHost: x\r\n");
  });

  test.each(["a\r\nb: c", "a\nb", "a\0b", "\u0100"])("the value %j is refused", (value) => {
    expect(() => new HeadEdits().set("x", value)).toThrow(RangeError);
    expect(() => new HeadEdits().add("x", value)).toThrow(RangeError);
  });

  test("a name that is no token is refused", () => {
    expect(() => new HeadEdits().remove("a b")).toThrow(RangeError);
  });

  test.each(["Content-Length", "transfer-encoding", "Connection"])(
    "%s cannot be edited",
    (name) => {
      expect(() => new HeadEdits().set(name, "1")).toThrow(RangeError);
      expect(() => new HeadEdits().add(name, "1")).toThrow(RangeError);
      expect(() => new HeadEdits().rename("x", name)).toThrow(RangeError);
    },
  );
});

describe("a response that is passed on", () => {
  test("is the same bytes when nothing has to change", () => {
    const text = "HTTP/1.1 200 Fine\r\nServer: x\r\nContent-Length: 3\r\n\r\n";
    expect(response(text)).toBe(text);
  });

  test("loses what belongs to one hop and says how this one goes on", () => {
    const text =
      "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\nContent-Length: 3\r\n\r\n";
    expect(response(text)).toBe("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n");
    expect(response(text, undefined, { close: true })).toEndWith(
      "Content-Length: 3\r\nconnection: close\r\n\r\n",
    );
    expect(response(text, undefined, { minor: 0 })).toEndWith("connection: keep-alive\r\n\r\n");
  });

  test("without framing is chunked for HTTP/1.1, and chunks are taken off for HTTP/1.0", () => {
    expect(response("HTTP/1.1 200 OK\r\n\r\n")).toBe(
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
    );
    const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    expect(response(chunked)).toBe(chunked);
    expect(response(chunked, undefined, { minor: 0, close: true })).toBe(
      "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n",
    );
  });

  test("has no framing fields where no body can be", () => {
    expect(response("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n")).toBe(
      "HTTP/1.1 204 No Content\r\n\r\n",
    );
    expect(response("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n")).toContain(
      "Content-Length: 9",
    );
  });

  test("keeps an upgrade that was agreed on", () => {
    const text =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
    expect(response(text)).toBe(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nconnection: upgrade\r\n\r\n",
    );
  });
});

describe("a head that is made here", () => {
  test("is a response with what the connection needs", () => {
    const head = {
      status: 403,
      fields: [["x-a", "1"]] as const,
      contentLength: 2,
      date: "D",
      close: true,
      minor: 1 as const,
    };
    expect(encodeLocalHead(head)).toBe(
      "HTTP/1.1 403 Forbidden\r\nx-a: 1\r\ncontent-length: 2\r\ndate: D\r\nconnection: close\r\n\r\n",
    );
  });

  test("is a request that is checked as any other", () => {
    const head = localRequestHead({ method: "GET", target: "/health", fields: [["Host", "a"]] });
    expect([head.method, head.path, head.authority]).toEqual(["GET", "/health", "a"]);
    expect(() => localRequestHead({ method: "GET", target: "/", fields: [] })).toThrow("no Host");
    expect(() =>
      localRequestHead({ method: "GET", target: "/ x", fields: [["Host", "a"]] }),
    ).toThrow();
  });
});
