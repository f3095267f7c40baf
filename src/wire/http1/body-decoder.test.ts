import { describe, expect, test } from "bun:test";
import { BODY_LIMITS, BodyDecoder } from "./body-decoder.ts";
import type { BodyKind } from "./head.ts";
import { Http1Error, type Http1ErrorCode } from "./http1-error.ts";

interface Read {
  readonly data: string;
  readonly trailers: string | undefined;
  readonly isOver: boolean;
  readonly consumed: number;
}

function read(kind: BodyKind, length: number, pieces: readonly string[]): Read {
  const decoder = new BodyDecoder("downstream", {
    ...BODY_LIMITS,
    maxChunkLineBytes: 20,
    maxTrailers: 2,
  });
  let data = "";
  let trailers: string | undefined;
  let isOver = false;
  const sink = {
    onBodyData: (bytes: Buffer, start: number, end: number) => {
      data += bytes.toString("latin1", start, end);
    },
    onBodyEnd: (fields: { field(name: string): string | undefined } | undefined) => {
      isOver = true;
      trailers = fields?.field("x");
    },
  };
  decoder.reset(kind, length);
  let consumed = 0;
  for (const piece of pieces) consumed += decoder.decode(Buffer.from(piece, "latin1"), 0, sink);
  return { data, trailers, isOver, consumed };
}

function codeOf(pieces: readonly string[]): string {
  try {
    return read("chunked", -1, pieces).isOver ? "valid" : "incomplete";
  } catch (cause) {
    if (cause instanceof Http1Error) return cause.code;
    throw cause;
  }
}

describe("a body with a length", () => {
  test("ends after its bytes, and leaves what follows", () => {
    expect(read("length", 5, ["ab", "cdeGET"])).toEqual({
      data: "abcde",
      trailers: undefined,
      isOver: true,
      consumed: 5,
    });
  });

  test("is told as ranges of what came, without a copy", () => {
    const decoder = new BodyDecoder("upstream");
    const piece = Buffer.from("head-abc");
    const told: unknown[] = [];
    decoder.reset("length", 5);
    decoder.decode(piece, 5, {
      onBodyData: (...range) => told.push(range),
      onBodyEnd: () => undefined,
    });
    expect(told).toEqual([[piece, 5, 8]]);
    expect((told[0] as unknown[])[0]).toBe(piece);
  });

  test("that is cut off is an error", () => {
    const decoder = new BodyDecoder("upstream");
    decoder.reset("length", 5);
    const sink = { onBodyData: () => undefined, onBodyEnd: () => undefined };
    decoder.decode(Buffer.from("abc"), 0, sink);
    expect(() => decoder.finish(sink)).toThrow("ended in the middle");
  });
});

describe("a chunked body", () => {
  const whole = '3\r\nabc\r\nA;x="1 2"\r\n0123456789\r\n0\r\n\r\n';

  test.each([1, 2, 3, 7, 100])("is the same in pieces of %i bytes", (size) => {
    const pieces = whole.match(new RegExp(`[\\s\\S]{1,${size}}`, "g")) ?? [];
    expect(read("chunked", -1, pieces)).toEqual({
      data: "abc0123456789",
      trailers: undefined,
      isOver: true,
      consumed: whole.length,
    });
  });

  test.each([1, 3, 100])(
    "has its trailers, in pieces of %i bytes, and leaves what follows",
    (size) => {
      const text = "1\r\na\r\n0\r\nX: 1\r\nY: 2\r\n\r\nGET /";
      const pieces = text.match(new RegExp(`[\\s\\S]{1,${size}}`, "g")) ?? [];
      const result = read("chunked", -1, pieces);
      expect([result.data, result.trailers, result.isOver]).toEqual(["a", "1", true]);
      expect(result.consumed).toBe(text.length - "GET /".length);
    },
  );

  test.each<[string, Http1ErrorCode]>([
    ["\r\n", "bad-chunk-size"],
    [";x\r\n", "bad-chunk-size"],
    ["-1\r\n", "bad-chunk-size"],
    ["+1\r\n", "bad-chunk-size"],
    ["0x1\r\n", "bad-chunk-size"],
    [" 1\r\n", "bad-chunk-size"],
    ["1 \r\n", "bad-chunk-size"],
    ["1\t;x\r\n", "bad-chunk-size"],
    ["1\n", "bad-chunk-size"],
    ["g\r\n", "bad-chunk-size"],
    ["20000000000000\r\n", "bad-chunk-size"],
    ["000000000000001\r\n", "bad-chunk-size"],
    ["1\rX", "bad-line-ending"],
    ["1;a\nb\r\n", "bad-chunk-extension"],
    ["1;a\x00\r\n", "bad-chunk-extension"],
    ["1;a\rb\r\n", "bad-line-ending"],
    [`1;${"a".repeat(21)}`, "chunk-line-too-long"],
    ["1\r\nab", "bad-chunk-end"],
    ["1\r\na\n", "bad-chunk-end"],
    ["1\r\na\rX", "bad-chunk-end"],
    ["1\r\na0\r\n\r\n", "bad-chunk-end"],
    ["0\r\nContent-Length: 1\r\n\r\n", "forbidden-trailer"],
    ["0\r\nTransfer-Encoding: chunked\r\n\r\n", "forbidden-trailer"],
    ["0\r\nHost: a\r\n\r\n", "forbidden-trailer"],
    ["0\r\nAuthorization: a\r\n\r\n", "forbidden-trailer"],
    ["0\r\nX-Forwarded-For: a\r\n\r\n", "forbidden-trailer"],
    ["0\r\nX : 1\r\n\r\n", "space-before-colon"],
    ["0\r\n X: 1\r\n\r\n", "obsolete-folding"],
    ["0\r\nX: 1\n\r\n", "bad-line-ending"],
    ["0\r\na:1\r\nb:1\r\nc:1\r\n\r\n", "too-many-fields"],
  ])("%j: %s", (text, code) => {
    expect(codeOf([text])).toBe(code);
    expect(codeOf([...text])).toBe(code);
  });
});

describe("of one read, as much is read as its owner allows", () => {
  /** Lengths of what was read each time, until all is. */
  function steps(text: string, chunksLeft: number): number[] {
    const decoder = new BodyDecoder("downstream");
    const bytes = Buffer.from(text);
    const sink = { onBodyData: () => undefined, onBodyEnd: () => undefined };
    decoder.reset("chunked", -1);
    const lengths: number[] = [];
    for (let at = 0; at < bytes.length; ) {
      decoder.chunksLeft = chunksLeft;
      const after = decoder.decode(bytes, at, sink);
      lengths.push(after - at);
      at = after;
    }
    expect(decoder.isIdle).toBe(true);
    return lengths;
  }

  test("in chunks", () => {
    expect(steps(`${"1\r\nx\r\n".repeat(30)}0\r\n\r\n`, 10)).toEqual([60, 60, 60, 5]);
  });

  test("and extensions count as the chunks that they are as long as", () => {
    const chunk = `1;${"e".repeat(640)}\r\nx\r\n`;
    const lengths = steps(`${chunk.repeat(30)}0\r\n\r\n`, 22);
    expect(lengths.slice(0, -1).every((length) => length <= 2 * chunk.length)).toBe(true);
    expect(lengths.length).toBeGreaterThanOrEqual(15);
  });
});

test("a body until the end of the connection ends with it", () => {
  const decoder = new BodyDecoder("upstream");
  let isOver = false;
  const sink = {
    onBodyData: () => undefined,
    onBodyEnd: () => {
      isOver = true;
    },
  };
  decoder.reset("until-close", -1);
  expect(decoder.decode(Buffer.from("abc"), 0, sink)).toBe(3);
  expect(isOver).toBe(false);
  decoder.finish(sink);
  expect([isOver, decoder.isIdle]).toEqual([true, true]);
});
