/** Every form in which HPACK can say a field. */
import { frame } from "#http/http2/testing/raw-frames.ts";
import { FLAG, FRAME } from "#wire/http2/frame-header.ts";
import { type Http2Case, section } from "./http2-case.ts";
import { CODED_NAME, CODED_VALUE, integer, plainText } from "./payloads.ts";

const hpack = section("generic 5");
/** Of `user-agent` in the static table. */
const USER_AGENT = 58;

interface Literal {
  readonly what: string;
  readonly prefixBits: number;
  readonly first: number;
}

const LITERALS: readonly Literal[] = [
  { what: "a literal that the table keeps", prefixBits: 6, first: 0x40 },
  { what: "a literal that the table does not keep", prefixBits: 4, first: 0x00 },
  { what: "a literal that no table may ever keep", prefixBits: 4, first: 0x10 },
];

/** The request with that behind its fields, twice: the second time against the tables that the first has left. */
function withField(what: string, field: Buffer): Http2Case {
  return hpack(what, async (peer) => {
    const payload = Buffer.concat([peer.block(), field]);
    for (const streamId of [1, 3]) {
      peer.send(frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, streamId, payload));
      await peer.answered(streamId);
    }
  });
}

function literalCases({ what, prefixBits, first }: Literal): Http2Case[] {
  const known = integer(prefixBits, first, USER_AGENT);
  const unknown = integer(prefixBits, first, 0);
  return [
    withField(`${what}, with a name of the table`, Buffer.concat([known, plainText("weft")])),
    withField(`${what}, with a name of the table, coded`, Buffer.concat([known, CODED_VALUE])),
    withField(
      `${what}, with a name of its own`,
      Buffer.concat([unknown, plainText("custom-key"), plainText("custom-value")]),
    ),
    withField(
      `${what}, with a name of its own, coded`,
      Buffer.concat([unknown, CODED_NAME, CODED_VALUE]),
    ),
  ];
}

function resized(what: string, updates: Buffer): Http2Case {
  return hpack(what, async (peer) => {
    const payload = Buffer.concat([updates, peer.block()]);
    peer.send(frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, 1, payload));
    await peer.answered(1);
  });
}

export const genericHpackCases: readonly Http2Case[] = [
  // accept-encoding: gzip, deflate
  withField("an index of the static table", integer(7, 0x80, 16)),
  ...LITERALS.flatMap(literalCases),
  resized("a new size of the table", integer(5, 0x20, 128)),
  resized(
    "two new sizes of the table",
    Buffer.concat([integer(5, 0x20, 0), integer(5, 0x20, 4_096)]),
  ),
];
