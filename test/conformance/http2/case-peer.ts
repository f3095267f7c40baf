import { block, frame, type RawField } from "#http/http2/testing/raw-frames.ts";
import { ScriptedPeer } from "#http/http2/testing/scripted-peer.ts";
import type { Transport } from "#net/transport.ts";
import { FLAG, FRAME } from "#wire/http2/frame-header.ts";
import type { Http2Code } from "#wire/http2/http2-error.ts";

/** How one listener is spoken to. */
export interface Manner {
  readonly dialect: "standard" | "weft";
  readonly authority: string;
  /** Fields without which it answers nothing else. */
  readonly fields: readonly RawField[];
}

type Settings = readonly (readonly [id: number, value: number])[];

/** A client that sends whatever a case wants, and knows what a server may do about it. */
export class CasePeer {
  readonly manner: Manner;
  readonly #peer: ScriptedPeer;

  /** `settings` are those of its preface; undefined: the case sends the preface itself. */
  constructor(transport: Transport, manner: Manner, settings: Settings | undefined) {
    this.manner = manner;
    this.#peer = new ScriptedPeer(transport, { role: "client", dialect: manner.dialect, settings });
  }

  send(...frames: Uint8Array[]): void {
    this.#peer.send(...frames);
  }

  // ── requests ──

  /** The fields of a request that the listener would pass on. */
  request(method = "GET", more: readonly RawField[] = []): RawField[] {
    const { dialect, authority, fields } = this.manner;
    const host: RawField = dialect === "weft" ? ["host", authority] : [":authority", authority];
    return [[":method", method], [":scheme", "http"], [":path", "/"], host, ...fields, ...more];
  }

  /** A header block, all of it literals that no table keeps. */
  block(method = "GET", more: readonly RawField[] = []): Buffer {
    return block(this.request(method, more));
  }

  /** A request without a body, whole. */
  get(streamId: number, more: readonly RawField[] = []): Buffer {
    return frame(FRAME.headers, END_HEADERS | END_STREAM, streamId, this.block("GET", more));
  }

  /** The head of a request whose body is to come. */
  post(streamId: number, more: readonly RawField[] = []): Buffer {
    return frame(FRAME.headers, END_HEADERS, streamId, this.block("POST", more));
  }

  /** A request whose every field is given. */
  fields(streamId: number, fields: readonly RawField[]): Buffer {
    return frame(FRAME.headers, END_HEADERS | END_STREAM, streamId, block(fields));
  }

  // ── what must happen ──

  /** The request is answered by the application, to its end. */
  async answered(streamId: number): Promise<void> {
    await this.#peer.until(`HEADERS ${streamId} 200`);
    await this.#peer.untilWord(
      `the end of stream ${streamId}`,
      (word) => isOfStream(word, streamId) && word.includes(" END_STREAM"),
    );
  }

  /** The connection is as good as before. */
  async alive(): Promise<void> {
    await this.#peer.settled();
  }

  /** GOAWAY with one of these codes, and the end. */
  async refused(...codes: Http2Code[]): Promise<void> {
    const word = await this.#peer.until("GOAWAY");
    expectCode(word, codes);
    await this.#peer.untilEnd();
  }

  /** RST_STREAM with one of these codes; a server may also give the connection up, for the same reason. */
  async refusedStream(streamId: number, ...codes: Http2Code[]): Promise<void> {
    const word = await this.#peer.untilWord(
      `an error of stream ${streamId}`,
      (said) => /^GOAWAY/.test(said) || isReset(said, streamId),
    );
    expectCode(word, codes);
    if (word.startsWith("RST_STREAM")) await this.alive();
    else await this.#peer.untilEnd();
  }

  /** Nothing but the end is asked for. */
  async ended(): Promise<void> {
    await this.#peer.untilEnd();
  }

  /** One of its words begins so. */
  async says(start: string): Promise<void> {
    await this.#peer.until(start);
  }

  /** None of the words that have come begins so. */
  saidNot(start: string): void {
    const found = this.#peer.words.find((word) => word.startsWith(start));
    if (found !== undefined) throw new Error(`came ${found}`);
  }

  /** Data of the stream that has come by now, frame by frame, in bytes. */
  async dataOf(streamId: number, frames: number): Promise<readonly number[]> {
    const sizes = (): number[] => this.#peer.words.flatMap((word) => dataSize(word, streamId));
    await this.#peer.untilWord(`${frames} DATA frames`, () => sizes().length >= frames);
    await this.alive();
    return sizes();
  }

  /** The first word that came. */
  get firstWord(): string | undefined {
    return this.#peer.words[0];
  }

  /** Of the server. */
  async setting(
    name: "maxConcurrentStreams" | "maxFrameSize" | "headerTableSize",
  ): Promise<number> {
    await this.#peer.until("SETTINGS");
    return this.#peer.settings[0]?.[name] ?? DEFAULTS[name];
  }
}

const END_HEADERS = FLAG.endHeaders;
const END_STREAM = FLAG.endStream;
const DEFAULTS = {
  maxConcurrentStreams: Number.POSITIVE_INFINITY,
  maxFrameSize: 16_384,
  headerTableSize: 4_096,
} as const;

const isOfStream = (word: string, streamId: number): boolean =>
  new RegExp(`^(HEADERS|DATA|TRAILERS) ${streamId}\\b`).test(word);

/** NO_ERROR says only that the rest of a request is not wanted. */
const isReset = (word: string, streamId: number): boolean =>
  word.startsWith(`RST_STREAM ${streamId} `) && !word.endsWith("NO_ERROR");

/** `DATA 1 "hello"`, `DATA 1 END_STREAM 1000` */
function dataSize(word: string, streamId: number): number[] {
  const [, text] = new RegExp(`^DATA ${streamId}(?: END_STREAM)? (.*)$`, "s").exec(word) ?? [];
  if (text === undefined) return [];
  const value: unknown = JSON.parse(text);
  return [typeof value === "number" ? value : String(value).length];
}

function expectCode(word: string, codes: readonly Http2Code[]): void {
  if (!codes.some((code) => word.endsWith(` ${code}`)))
    throw new Error(`came ${word}, not ${codes.join(" or ")}`);
}
