import { describe, expect, test } from "bun:test";
import { ByteWriter } from "#wire/http1/byte-writer.ts";
import { hashOf } from "#wire/http1/field-name.ts";
import { HpackDecoder } from "./hpack-decoder.ts";
import { HpackEncoder, type HpackEncoderOptions } from "./hpack-encoder.ts";
import { decodeBlock, type ListedField } from "./testing/field-list.ts";

/** An encoder with the decoder of its peer. */
class Pair {
  readonly encoder: HpackEncoder;
  readonly decoder: HpackDecoder;
  keepsCase = false;
  #out = new ByteWriter(16);

  constructor(options?: HpackEncoderOptions, decoderTableBytes?: number) {
    this.encoder = new HpackEncoder(options);
    this.decoder = new HpackDecoder(decoderTableBytes);
  }

  encode(
    ...fields: readonly (readonly [name: string, value: string, isSensitive?: boolean])[]
  ): Buffer {
    this.#out.clear();
    this.encoder.begin(this.#out, this.keepsCase);
    for (const [name, value, isSensitive] of fields) {
      const bytes = Buffer.from(name + value, "latin1");
      const hash = hashOf(name.toLowerCase());
      this.encoder.field(
        this.#out,
        bytes,
        0,
        name.length,
        name.length,
        value.length,
        hash,
        isSensitive ?? false,
      );
    }
    return Buffer.from(this.#out.view());
  }

  /** The bytes of one field; checks that the peer reads the same. */
  send(name: string, value: string, isSensitive = false): { bytes: Buffer; field: ListedField } {
    const bytes = this.encode([name, value, isSensitive]);
    const [field] = decodeBlock(this.decoder, bytes).fields;
    if (field === undefined) throw new Error("no field");
    expect([field.name, field.value]).toEqual([this.keepsCase ? name : name.toLowerCase(), value]);
    expect(this.encoder.tableBytes).toBe(this.decoder.tableBytes);
    return { bytes, field };
  }
}

describe("a field that repeats", () => {
  test("is one byte from the second time on", () => {
    const pair = new Pair();
    expect(pair.send("user-agent", "curl/8.0").bytes.length).toBeGreaterThan(6);
    for (let i = 0; i < 5; i++) expect(pair.send("User-Agent", "curl/8.0").bytes).toHaveLength(1);
  });

  test("in other case is another in Weft's dialect", () => {
    const pair = new Pair();
    pair.keepsCase = true;
    for (const name of ["Accept", "accept", "ACCEPT"]) pair.send(name, "*/*");
    for (const name of ["Accept", "accept", "ACCEPT"])
      expect(pair.send(name, "*/*").bytes).toHaveLength(1);
  });

  test("is found among many values of its name", () => {
    const pair = new Pair();
    const values = Array.from({ length: 12 }, (_, i) => `agent ${i}`);
    for (const value of values) pair.send("user-agent", value);
    for (const value of values) expect(pair.send("user-agent", value).bytes).toHaveLength(1);
  });

  test("is found when long values differ in one byte that the hash does not see", () => {
    const pair = new Pair();
    const long = "v".repeat(200);
    const other = `${long.slice(0, 101)}w${long.slice(102)}`;
    pair.send("x-long", long);
    pair.send("x-long", other);
    expect(pair.send("x-long", long).bytes).toHaveLength(1);
    expect(pair.send("x-long", other).bytes).toHaveLength(1);
  });
});

describe("a name whose values keep changing", () => {
  test.each(["traceparent", "x-request-id", "X-B3-TraceId"])(
    "%s has an entry for its name only",
    (name) => {
      const pair = new Pair();
      pair.send(name, "0".repeat(30));
      const size = pair.encoder.tableBytes;
      for (let i = 1; i < 50; i++) {
        const { bytes } = pair.send(name, String(i).padStart(30, "0"));
        expect(bytes.length).toBe(30 + 3);
      }
      expect(pair.encoder.tableBytes).toBe(size);
    },
  );

  test.each(["content-length", "date", "etag"])("%s has none at all", (name) => {
    const pair = new Pair();
    for (let i = 0; i < 5; i++) pair.send(name, `${i}`);
    expect(pair.encoder.tableBytes).toBe(0);
  });

  test("is found out, and does not push out what repeats", () => {
    const pair = new Pair({ maxTableBytes: 4_096 });
    let misses = 0;
    for (let i = 0; i < 1_000; i++) {
      if (pair.send("user-agent", "curl").bytes.length > 1) misses++;
      pair.send("x-user", `user ${i} of very many, each with a name that is long enough`);
    }
    expect(misses).toBeLessThan(5);
  });

  test("is tried again, and kept when it has settled", () => {
    const pair = new Pair();
    for (let i = 0; i < 200; i++) pair.send("x-version", `build ${i}`);
    let bytes = 0;
    for (let i = 0; i < 200; i++) bytes = pair.send("x-version", "build 200").bytes.length;
    expect(bytes).toBe(1);
  });
});

describe("a secret", () => {
  test.each([
    ["authorization", "Bearer 0123456789012345678901234567890123456789"],
    ["Proxy-Authorization", "Basic YTpi"],
    ["set-cookie", "id=0123456789012345678901234567890123456789"],
    ["cookie", "id=short"],
  ])("%s is never kept", (name, value) => {
    const pair = new Pair();
    for (let i = 0; i < 3; i++) expect(pair.send(name, value).field.isSensitive).toBe(true);
    expect(pair.encoder.tableBytes).toBe(0);
  });

  test("a cookie that is too long to be guessed is kept", () => {
    const pair = new Pair();
    const value = `session=${"0123456789abcdef".repeat(4)}`;
    expect(pair.send("cookie", value).field.isSensitive).toBe(false);
    expect(pair.send("cookie", value).bytes).toHaveLength(1);
  });

  test("of its sender's choice is never kept, though it was sent openly before", () => {
    const pair = new Pair();
    pair.send("x-key", "k");
    expect(pair.send("x-key", "k", true).field.isSensitive).toBe(true);
  });
});

describe("the size of the table", () => {
  test("is told when the peer allows less, and when it allows more again", () => {
    const pair = new Pair();
    pair.send("user-agent", "curl/8.0");
    pair.encoder.allowTableBytes(0);
    pair.decoder.allowTableBytes(0);
    expect(pair.encode(["a", "b"])[0]).toBe(0x20);
    expect(pair.encoder.tableBytes).toBe(0);
    pair.encoder.allowTableBytes(65_536);
    expect(pair.encode(["a", "b"]).toString("hex")).toStartWith("3fe11f");
  });

  test("is told at its smallest when it changed twice between blocks", () => {
    const pair = new Pair();
    pair.send("user-agent", "curl/8.0");
    for (const bytes of [1_000, 100, 4_096]) {
      pair.encoder.allowTableBytes(bytes);
      pair.decoder.allowTableBytes(bytes);
    }
    const { bytes } = pair.send("a", "b");
    expect(bytes.toString("hex")).toStartWith("3f453fe11f");
  });

  test("is not told when nothing changes", () => {
    const pair = new Pair();
    pair.encoder.allowTableBytes(65_536);
    expect(pair.encode(["user-agent", "x"])[0]).toBe(0x40 | (58 & 0x3f));
  });

  test("is our own bound where that is less", () => {
    const pair = new Pair({ maxTableBytes: 100 });
    expect(pair.send("a", "b").bytes.toString("hex")).toStartWith("3f45");
    for (let i = 0; i < 20; i++) pair.send("x-a", `value ${i}`);
    expect(pair.encoder.tableBytes).toBeLessThanOrEqual(100);
  });

  test("grows beyond the default only when the peer has allowed it", () => {
    const pair = new Pair({ maxTableBytes: 16_384 }, 16_384);
    expect(pair.send("a", "b").bytes[0]).toBe(0x40);
    pair.encoder.allowTableBytes(16_384);
    expect(pair.send("a", "b").bytes.toString("hex")).toStartWith("3fe17f");
    for (let i = 0; i < 15; i++) pair.send(`x-${i}`, "v".repeat(800));
    expect(pair.encoder.tableBytes).toBeGreaterThan(4_096);
    for (let i = 0; i < 15; i++) expect(pair.send(`x-${i}`, "v".repeat(800)).bytes).toHaveLength(1);
  });
});

describe("strings", () => {
  test("that are kept are Huffman-coded where that is shorter", () => {
    const pair = new Pair();
    const { bytes } = pair.send("x-a", "aaaaaaaaaaaaaaaa");
    expect(bytes.length).toBe(1 + 4 + 1 + 10);
    expect(pair.send("x-b", "\xff\xfe\xfd").bytes.length).toBe(1 + 4 + 1 + 3);
  });

  test("that are not kept are coded on request", () => {
    const plain = new Pair().send("content-length", "123456789").bytes;
    const coded = new Pair({ huffman: "all" }).send("content-length", "123456789").bytes;
    expect(plain.length).toBe(2 + 1 + 9);
    expect(coded.length).toBe(2 + 1 + 7);
  });

  test("of any length have their length before them", () => {
    for (const length of [0, 1, 126, 127, 128, 254, 255, 16_383, 16_384, 60_000])
      new Pair().send("x-a", "\xff".repeat(length));
  });
});
