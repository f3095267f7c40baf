/** The examples of RFC 7541 appendix C, by their numbers. */
import { describe, expect, test } from "bun:test";
import { decodeHuffman, maxDecodedBytes } from "./decode-huffman.ts";
import { encodeHuffman, huffmanBytes } from "./encode-huffman.ts";
import { HpackDecoder } from "./hpack-decoder.ts";
import { decodeBlock } from "./testing/field-list.ts";

type Pair = [name: string, value: string];

describe("C.1 integers", () => {
  test.each<[string, string, string]>([
    // A literal whose value has that length shows what the decoder read.
    ["1337 as the length of a string", "00 01 61 7f ba 09", "b".repeat(1_337)],
    ["127", "00 01 61 7f 00", "b".repeat(127)],
    ["10", "00 01 61 0a", "b".repeat(10)],
  ])("%s", (_, prefix, value) => {
    const block = prefix + Buffer.from(value).toString("hex");
    expect(decodeBlock(new HpackDecoder(), block).pairs).toEqual([["a", value]]);
  });

  test("1337 behind five bits resizes the table to it", () => {
    const decoder = new HpackDecoder();
    expect(decodeBlock(decoder, "3f 9a 0a 82").pairs).toEqual([[":method", "GET"]]);
  });
});

describe("C.2 fields", () => {
  test("C.2.1 a literal that is kept", () => {
    const decoder = new HpackDecoder();
    const block = "400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572";
    expect(decodeBlock(decoder, block).pairs).toEqual([["custom-key", "custom-header"]]);
    expect(decoder.tableBytes).toBe(55);
    expect(decodeBlock(decoder, "be").pairs).toEqual([["custom-key", "custom-header"]]);
  });

  test("C.2.2 a literal that is not kept", () => {
    const decoder = new HpackDecoder();
    expect(decodeBlock(decoder, "040c 2f73 616d 706c 652f 7061 7468").pairs).toEqual([
      [":path", "/sample/path"],
    ]);
    expect(decoder.tableBytes).toBe(0);
  });

  test("C.2.3 a literal that is never kept", () => {
    const decoder = new HpackDecoder();
    const list = decodeBlock(decoder, "1008 7061 7373 776f 7264 0673 6563 7265 74");
    expect(list.fields).toEqual([{ name: "password", value: "secret", isSensitive: true }]);
    expect(decoder.tableBytes).toBe(0);
  });

  test("C.2.4 an entry of the static table", () => {
    expect(decodeBlock(new HpackDecoder(), "82").pairs).toEqual([[":method", "GET"]]);
  });
});

const AUTHORITY: Pair = [":authority", "www.example.com"];
const REQUESTS: [Pair[], number][] = [
  [[[":method", "GET"], [":scheme", "http"], [":path", "/"], AUTHORITY], 57],
  [
    [
      [":method", "GET"],
      [":scheme", "http"],
      [":path", "/"],
      AUTHORITY,
      ["cache-control", "no-cache"],
    ],
    110,
  ],
  [
    [
      [":method", "GET"],
      [":scheme", "https"],
      [":path", "/index.html"],
      AUTHORITY,
      ["custom-key", "custom-value"],
    ],
    164,
  ],
];

const DATE_21 = "Mon, 21 Oct 2013 20:13:21 GMT";
const LOCATION: Pair = ["location", "https://www.example.com"];
const RESPONSES: [Pair[], number][] = [
  [[[":status", "302"], ["cache-control", "private"], ["date", DATE_21], LOCATION], 222],
  [[[":status", "307"], ["cache-control", "private"], ["date", DATE_21], LOCATION], 222],
  [
    [
      [":status", "200"],
      ["cache-control", "private"],
      ["date", "Mon, 21 Oct 2013 20:13:22 GMT"],
      LOCATION,
      ["content-encoding", "gzip"],
      ["set-cookie", "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"],
    ],
    215,
  ],
];

function expectSeries(
  decoder: HpackDecoder,
  blocks: readonly string[],
  expected: readonly [Pair[], number][],
): void {
  for (const [i, block] of blocks.entries()) {
    expect(decodeBlock(decoder, block).pairs).toEqual(expected[i]?.[0] ?? []);
    expect(decoder.tableBytes).toBe(expected[i]?.[1] ?? -1);
  }
}

/** A decoder whose peer has confirmed a table of 256 bytes. */
function smallDecoder(): HpackDecoder {
  const decoder = new HpackDecoder();
  decodeBlock(decoder, "3f e1 01");
  return decoder;
}

describe("requests and responses in a row", () => {
  test("C.3 requests without Huffman coding", () => {
    expectSeries(
      new HpackDecoder(),
      [
        "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
        "8286 84be 5808 6e6f 2d63 6163 6865",
        "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
      ],
      REQUESTS,
    );
  });

  test("C.4 requests with Huffman coding", () => {
    expectSeries(
      new HpackDecoder(),
      [
        "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
        "8286 84be 5886 a8eb 1064 9cbf",
        "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
      ],
      REQUESTS,
    );
  });

  test("C.5 responses without Huffman coding, with evictions", () => {
    expectSeries(
      smallDecoder(),
      [
        "4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32" +
          "3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
        "4803 3330 37c1 c0bf",
        "88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970" +
          "7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61" +
          "6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31",
      ],
      RESPONSES,
    );
  });

  test("C.6 responses with Huffman coding, with evictions", () => {
    expectSeries(
      smallDecoder(),
      [
        "4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad" +
          "1718 63c7 8f0b 97c8 e9ae 82ae 43d3",
        "4883 640e ffc1 c0bf",
        "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2" +
          "e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07",
      ],
      RESPONSES,
    );
  });
});

describe("the Huffman-coded strings of the examples, both ways", () => {
  test.each([
    ["www.example.com", "f1e3c2e5f23a6ba0ab90f4ff"],
    ["no-cache", "a8eb10649cbf"],
    ["custom-key", "25a849e95ba97d7f"],
    ["custom-value", "25a849e95bb8e8b4bf"],
    ["302", "6402"],
    ["private", "aec3771a4b"],
    ["Mon, 21 Oct 2013 20:13:21 GMT", "d07abe941054d444a8200595040b8166e082a62d1bff"],
    ["https://www.example.com", "9d29ad171863c78f0b97c8e9ae82ae43d3"],
    ["307", "640eff"],
    ["gzip", "9bd9ab"],
  ])("%s", (text, hex) => {
    const source = Buffer.from(text);
    const coded = Buffer.alloc(100);
    const end = encodeHuffman(source, 0, source.length, coded, 0);
    expect(coded.subarray(0, end).toString("hex")).toBe(hex);
    expect(huffmanBytes(source, 0, source.length)).toBe(end);
    const decoded = Buffer.alloc(maxDecodedBytes(end));
    const decodedEnd = decodeHuffman(coded, 0, end, decoded, 0);
    expect(decoded.toString("latin1", 0, decodedEnd)).toBe(text);
  });
});
