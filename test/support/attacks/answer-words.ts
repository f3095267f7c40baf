import { HpackDecoder } from "#wire/hpack/hpack-decoder.ts";
import { HpackError } from "#wire/hpack/hpack-error.ts";
import { FieldList } from "#wire/hpack/testing/field-list.ts";
import { http2CodeName } from "#wire/http2/http2-error.ts";

const HEADERS = 1;
const RST_STREAM = 3;
const GOAWAY = 7;
const HEADER_BYTES = 9;
/** More than any head of an answer. */
const KEPT_BYTES = 4_096;

/** Turns what a peer says into a few words, each counted once per kind, at little cost. */
export class AnswerWords {
  readonly counts = new Map<string, number>();
  receivedBytes = 0;
  /** Told of each word as it comes. */
  onWord: (word: string) => void = () => undefined;
  readonly #speaks: "http1" | "http2";
  #held: Buffer = Buffer.alloc(0);
  /** Of the frame's payload that is under way. */
  #skip = 0;

  constructor(speaks: "http1" | "http2") {
    this.#speaks = speaks;
  }

  has(word: string): boolean {
    return this.counts.has(word);
  }

  take(bytes: Buffer): void {
    this.receivedBytes += bytes.length;
    if (this.#speaks === "http1") this.#takeText(bytes);
    else this.#takeFrames(bytes);
  }

  ended(): void {
    if (!this.counts.has("END")) this.#count("END");
  }

  #count(word: string): void {
    this.onWord(word);
    this.counts.set(word, (this.counts.get(word) ?? 0) + 1);
  }

  #takeText(bytes: Buffer): void {
    const text = this.#held.toString("latin1") + bytes.toString("latin1");
    let end = 0;
    for (const match of text.matchAll(/HTTP\/1\.1 (\d{3}) [^\r]*\r\n/g)) {
      this.#count(`HTTP ${match[1]}`);
      end = match.index + match[0].length;
    }
    this.#held = Buffer.from(text.slice(Math.max(end, text.length - 32)), "latin1");
  }

  #takeFrames(piece: Buffer): void {
    let bytes = piece;
    if (this.#skip > 0) {
      const skipped = Math.min(this.#skip, bytes.length);
      this.#skip -= skipped;
      bytes = bytes.subarray(skipped);
    }
    if (this.#held.length > 0) bytes = Buffer.concat([this.#held, bytes]);
    let at = 0;
    while (bytes.length - at >= HEADER_BYTES) {
      const length = bytes.readUIntBE(at, 3);
      const type = bytes[at + 3] as number;
      const isWanted = type === HEADERS || type === RST_STREAM || type === GOAWAY;
      const wanted = isWanted ? Math.min(length, KEPT_BYTES) : 0;
      if (bytes.length - at < HEADER_BYTES + wanted) break;
      this.#onFrame(type, bytes.subarray(at + HEADER_BYTES, at + HEADER_BYTES + wanted));
      at += HEADER_BYTES + length;
    }
    this.#skip += Math.max(0, at - bytes.length);
    this.#held = Buffer.from(bytes.subarray(Math.min(at, bytes.length)));
  }

  #onFrame(type: number, payload: Buffer): void {
    if (type === GOAWAY) this.#count(`GOAWAY ${http2CodeName(payload.readUInt32BE(4))}`);
    else if (type === RST_STREAM)
      this.#count(`RST_STREAM ${http2CodeName(payload.readUInt32BE(0))}`);
    else if (type === HEADERS) this.#count(`HTTP ${statusOf(payload)}`);
  }
}

/** The attacker has told its peer to use no table, so every block stands for itself. A long one is cut. */
function statusOf(block: Buffer): string {
  const list = new FieldList();
  try {
    new HpackDecoder(0).decode(block, 0, block.length, list);
  } catch (cause) {
    if (!(cause instanceof HpackError)) throw cause;
  }
  return list.fields.find(({ name }) => name === ":status")?.value ?? "trailers";
}
