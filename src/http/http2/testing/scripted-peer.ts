/**
 * A peer that does what a test tells it, frame by frame, over any transport. What it is sent becomes words such as
 * `HEADERS 1 200`, `DATA 1 END_STREAM "hello"`, `RST_STREAM 1 STREAM_CLOSED`, `GOAWAY 0 PROTOCOL_ERROR`, `PING ACK`,
 * and `FIN` when the other side ends.
 */
import { connect } from "#net/connect.ts";
import { listen } from "#net/listener.ts";
import type { Transport, TransportEvents } from "#net/transport.ts";
import { HpackDecoder } from "#wire/hpack/hpack-decoder.ts";
import type { Fields } from "#wire/http1/head.ts";
import { FLAG, FRAME } from "#wire/http2/frame-header.ts";
import { FrameReader } from "#wire/http2/frame-reader.ts";
import { decodeGoaway } from "#wire/http2/goaway.ts";
import { decodeRequestHead } from "#wire/http2/head/decode-request-head.ts";
import { decodeResponseHead } from "#wire/http2/head/decode-response-head.ts";
import { decodeTrailers } from "#wire/http2/head/decode-trailers.ts";
import { PREFACE } from "#wire/http2/preface.ts";
import { decodeRstStream } from "#wire/http2/rst-stream.ts";
import { decodeSettings } from "#wire/http2/settings.ts";
import { type RecordedFrame, RecordedFrames } from "#wire/http2/testing/recorded-frames.ts";
import { settings, settingsAck } from "./raw-frames.ts";

const LIMITS = { maxBytes: 65_000, maxFields: 900 };

export interface PeerOptions {
  readonly role: "client" | "server";
  readonly dialect?: "standard" | "weft";
  /** The protocol that all requests of a client ask for by extended CONNECT. */
  readonly upgrade?: string;
  /** Of the preface; undefined sends none, and leaves the opening to the test. */
  readonly settings?: readonly (readonly [id: number, value: number])[] | undefined;
}

export class ScriptedPeer implements TransportEvents {
  readonly transport: Transport;
  /** Everything that came, in words, and what the test has not looked at yet. */
  readonly words: string[] = [];
  readonly #unread: string[] = [];
  /** Heads and trailers that came, the latest last. */
  readonly heads: Fields[] = [];
  /** What SETTINGS said, by the frame. */
  readonly settings: ReturnType<typeof decodeSettings>[] = [];
  body = "";
  readonly #isServer: boolean;
  readonly #answersSettings: boolean;
  readonly #dialect: "standard" | "weft";
  readonly #upgrade: string;
  readonly #recorded = new RecordedFrames();
  readonly #reader = new FrameReader(this.#recorded);
  readonly #hpack = new HpackDecoder(65_536);
  readonly #begun = new Set<number>();
  readonly #waiting = new Set<() => void>();
  #prefaceLeft: number;
  #isOver = false;

  constructor(transport: Transport, options: PeerOptions) {
    this.transport = transport;
    this.#isServer = options.role === "server";
    this.#dialect = options.dialect ?? "standard";
    this.#upgrade = options.upgrade ?? "";
    this.#prefaceLeft = this.#isServer ? PREFACE.length : 0;
    this.#reader.maxFrameBytes = 1 << 24;
    transport.attach(this);
    const entries = "settings" in options ? options.settings : [];
    this.#answersSettings = entries !== undefined;
    if (entries === undefined) return;
    if (!this.#isServer) this.send(PREFACE);
    this.send(settings(entries));
  }

  /** As a client of a plain port. */
  static async connect(port: number, options: Partial<PeerOptions> = {}): Promise<ScriptedPeer> {
    const transport = await connect({ address: { host: "127.0.0.1", port } });
    return new ScriptedPeer(transport, { role: "client", ...options });
  }

  send(...frames: Uint8Array[]): void {
    this.transport.write(Buffer.concat(frames));
  }

  /** The next word must be this, with settings, their acknowledgements and the growing of windows left out. */
  async expect(...wanted: string[]): Promise<void> {
    for (const word of wanted) {
      const next = await this.next();
      if (next !== word)
        throw new Error(`came ${JSON.stringify(next)}, not ${JSON.stringify(word)}`);
    }
  }

  async next(): Promise<string> {
    for (;;) {
      while (this.#unread.length === 0 && !this.#isOver) await this.#change();
      const word = this.#unread.shift() ?? "nothing";
      if (!/^(SETTINGS|WINDOW_UPDATE)/.test(word)) return word;
    }
  }

  /** Waits until a word has come that begins so, whatever comes before it. */
  until(start: string): Promise<string> {
    return this.untilWord(start, (word) => word.startsWith(start));
  }

  /** Waits until a word has come that is like that. `what` says it when the connection ends before. */
  async untilWord(what: string, isWanted: (word: string) => boolean): Promise<string> {
    for (;;) {
      const found = this.words.find(isWanted);
      if (found !== undefined) return found;
      if (this.#isOver)
        throw new Error(`ended without ${what}: ${this.words.slice(-20).join("; ")}`);
      await this.#change();
    }
  }

  /** Waits until the other side has ended, in whatever way. */
  async untilEnd(): Promise<void> {
    while (!this.#isOver && !this.words.includes("FIN")) await this.#change();
  }

  /** Waits until the other side has dealt with everything that was sent. */
  async settled(): Promise<void> {
    const opaque = `sync${String(this.words.length).padStart(4, "0")}`.slice(0, 8);
    const payload = Buffer.from(opaque, "latin1");
    const header = Buffer.of(0, 0, 8, FRAME.ping, 0, 0, 0, 0, 0);
    this.send(header, payload);
    await this.until(`PING ACK ${opaque}`);
    const index = this.#unread.indexOf(`PING ACK ${opaque}`);
    if (index >= 0) this.#unread.splice(index, 1);
  }

  // ── what comes ──

  onData(bytes: Buffer): void {
    const skipped = Math.min(this.#prefaceLeft, bytes.length);
    this.#prefaceLeft -= skipped;
    if (skipped < bytes.length) this.#reader.read(bytes.subarray(skipped));
    for (const frame of this.#recorded.frames.splice(0)) this.#say(this.#wordOf(frame));
  }

  onEnd(): void {
    this.#say("FIN");
    this.transport.end();
  }

  onDrain(): void {
    // What tests send is small.
  }

  onClose(): void {
    this.#isOver = true;
    this.#wake();
  }

  #say(word: string): void {
    this.words.push(word);
    this.#unread.push(word);
    this.#wake();
  }

  #wordOf(frame: RecordedFrame): string {
    const { type, flags, streamId: id, payload } = frame;
    const isAck = (flags & FLAG.ack) !== 0;
    const end = (flags & FLAG.endStream) !== 0 ? " END_STREAM" : "";
    switch (type) {
      case FRAME.data:
        this.body += payload.toString("latin1");
        return `DATA ${id}${end} ${payload.length > 60 ? payload.length : JSON.stringify(payload.toString("latin1"))}`;
      case FRAME.headers:
        return `${this.#headWord(id, payload, end !== "")}${end}`;
      case FRAME.rstStream:
        return `RST_STREAM ${id} ${decodeRstStream(payload, 0, payload.length)}`;
      case FRAME.settings:
        if (isAck) return "SETTINGS ACK";
        this.settings.push(decodeSettings(payload, 0, payload.length));
        if (this.#answersSettings) this.send(settingsAck());
        return "SETTINGS";
      case FRAME.ping:
        return `PING${isAck ? " ACK" : ""} ${payload.toString("latin1")}`;
      case FRAME.goaway: {
        const { lastStreamId, code } = decodeGoaway(payload, 0, payload.length);
        return `GOAWAY ${lastStreamId} ${code}`;
      }
      case FRAME.windowUpdate:
        return `WINDOW_UPDATE ${id} ${payload.readUInt32BE()}`;
      default:
        return `FRAME ${type}`;
    }
  }

  #headWord(id: number, payload: Buffer, endStream: boolean): string {
    const to = {
      limits: LIMITS,
      endStream,
      dialect: this.#dialect,
      allowsExtendedConnect: true,
      // Only answers to HEAD end with a head that promises a body.
      method: endStream ? "HEAD" : "GET",
      upgrade: this.#upgrade,
    };
    const { length } = payload;
    if (this.#begun.has(id)) {
      this.heads.push(decodeTrailers(this.#hpack, payload, 0, length, to));
      return `TRAILERS ${id}`;
    }
    if (this.#isServer) {
      const head = decodeRequestHead(this.#hpack, payload, 0, length, to);
      this.heads.push(head);
      this.#begun.add(id);
      return `HEADERS ${id} ${head.method} ${head.target}`;
    }
    const head = decodeResponseHead(this.#hpack, payload, 0, length, to);
    this.heads.push(head);
    if (head.status >= 200) this.#begun.add(id);
    return `HEADERS ${id} ${head.status}`;
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

export interface ScriptedServer extends AsyncDisposable {
  readonly port: number;
  /** The next connection that comes. */
  peer(): Promise<ScriptedPeer>;
}

export async function scriptedServer(options: Partial<PeerOptions> = {}): Promise<ScriptedServer> {
  const peers: ScriptedPeer[] = [];
  let wake = Promise.withResolvers<void>();
  const listener = await listen({
    address: { host: "127.0.0.1", port: 0 },
    mode: "plain",
    onConnection: (transport) => {
      peers.push(new ScriptedPeer(transport, { role: "server", ...options }));
      wake.resolve();
      wake = Promise.withResolvers();
    },
  });
  return {
    port: listener.address.port,
    peer: async () => {
      for (;;) {
        const peer = peers.shift();
        if (peer !== undefined) return peer;
        await wake.promise;
      }
    },
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  };
}
