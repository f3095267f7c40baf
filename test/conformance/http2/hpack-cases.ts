/** Header blocks that cannot be decoded (RFC 7541): each ends the connection, since its tables are lost. */
import { frame } from "#http/http2/testing/raw-frames.ts";
import { FLAG, FRAME } from "#wire/http2/frame-header.ts";
import { type Http2Case, section } from "./http2-case.ts";
import { integer, plainText } from "./payloads.ts";

/** A literal that no table keeps, with a value of which the bytes are given as Huffman's code. */
const coded = (...bytes: number[]): Buffer =>
  Buffer.concat([
    Buffer.of(0),
    plainText("x-test"),
    integer(7, 0x80, bytes.length),
    Buffer.from(bytes),
  ]);

function undecodable(name: string, title: string, behind: Buffer): Http2Case {
  return section(name)(title, async (peer) => {
    const payload = Buffer.concat([peer.block(), behind]);
    peer.send(frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, 1, payload));
    await peer.refused("COMPRESSION_ERROR");
  });
}

export const hpackCases: readonly Http2Case[] = [
  undecodable("hpack 2.3.3", "an index is within the tables", integer(7, 0x80, 1_000)),
  undecodable("hpack 4.2", "the size of the table changes before all fields", integer(5, 0x20, 1)),
  // `a` is 00011.
  undecodable("hpack 5.2", "padding is shorter than eight bits", coded(0x1f, 0xff)),
  undecodable("hpack 5.2", "padding is of ones", coded(0x18)),
  undecodable("hpack 5.2", "the end of the string is not coded", coded(0xff, 0xff, 0xff, 0xfc)),
  undecodable("hpack 6.1", "there is no index 0", Buffer.of(0x80)),
  section("hpack 6.3")("the table does not grow beyond what was announced", async (peer) => {
    const most = await peer.setting("headerTableSize");
    const payload = Buffer.concat([integer(5, 0x20, most + 1), peer.block()]);
    peer.send(frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, 1, payload));
    await peer.refused("COMPRESSION_ERROR");
  }),
];
