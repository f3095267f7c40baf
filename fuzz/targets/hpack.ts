import { decodeHuffman, maxDecodedBytes } from "#wire/hpack/decode-huffman.ts";
import { encodeHuffman, huffmanBytes } from "#wire/hpack/encode-huffman.ts";
import { HpackDecoder } from "#wire/hpack/hpack-decoder.ts";
import { HpackEncoder } from "#wire/hpack/hpack-encoder.ts";
import { HpackError } from "#wire/hpack/hpack-error.ts";
import { decodeBlock, type FieldList } from "#wire/hpack/testing/field-list.ts";
import { ByteWriter } from "#wire/http1/byte-writer.ts";
import { hashOf } from "#wire/http1/field-name.ts";
import { type FuzzTarget, mustEqual } from "../target.ts";

const TABLE_BYTES = 4_096;
const out = new ByteWriter(1_024);

/** Blocks of one connection: each has two bytes of length before it. */
export function blocksOf(bytes: Buffer): Buffer[] {
  const blocks: Buffer[] = [];
  for (let at = 0; at + 2 <= bytes.length; ) {
    const end = Math.min(at + 2 + bytes.readUInt16BE(at), bytes.length);
    blocks.push(bytes.subarray(at + 2, end));
    at = end;
  }
  return blocks;
}

function encoded(encoder: HpackEncoder, list: FieldList): Buffer {
  out.clear();
  encoder.begin(out, true);
  for (const { name, value, isSensitive } of list.fields) {
    const bytes = Buffer.from(name + value, "latin1");
    const hash = hashOf(name.toLowerCase());
    encoder.field(out, bytes, 0, name.length, name.length, value.length, hash, isSensitive);
  }
  return Buffer.from(out.view());
}

/** Fields or our error; the table within its bound; what was read can be sent again and is read the same. */
export const hpack: FuzzTarget = {
  name: "hpack",
  dictionary: [
    "\x82",
    "\xbe",
    "\xbf",
    "\x20",
    "\x3f\xe1\x1f",
    "\x40\x01a\x01b",
    "\x7e\x00",
    "\x0f\x2f",
    "\x81\xff",
    "\x00\x04",
  ],
  run: (bytes) => {
    const decoder = new HpackDecoder(TABLE_BYTES);
    const encoder = new HpackEncoder({ huffman: "all" });
    const peer = new HpackDecoder(TABLE_BYTES);
    try {
      for (const block of blocksOf(bytes)) {
        const list = decodeBlock(decoder, block);
        if (decoder.tableBytes > TABLE_BYTES) throw new Error(`a table of ${decoder.tableBytes}`);
        const again = decodeBlock(peer, encoded(encoder, list));
        mustEqual(JSON.stringify(again.pairs), JSON.stringify(list.pairs), "sent again");
      }
    } catch (cause) {
      if (!(cause instanceof HpackError)) throw cause;
    }
  },
};

/** A string is read or refused; what is read is coded in the same bytes, since there is one coding only. */
export const huffman: FuzzTarget = {
  name: "hpack-huffman",
  dictionary: ["\xff\xff\xff\xff", "\xff\xfe", "\xff\xc7", "\x1f", "\x3f", "\x7f", "\xf8", "\xfe"],
  run: (bytes) => {
    const decoded = Buffer.alloc(maxDecodedBytes(bytes.length));
    let end = 0;
    try {
      end = decodeHuffman(bytes, 0, bytes.length, decoded, 0);
    } catch (cause) {
      if (cause instanceof HpackError) return;
      throw cause;
    }
    const coded = Buffer.alloc(huffmanBytes(decoded, 0, end));
    mustEqual(`${encodeHuffman(decoded, 0, end, coded, 0)}`, `${coded.length}`, "length");
    mustEqual(coded.toString("hex"), bytes.toString("hex"), "coded again");
  },
};
