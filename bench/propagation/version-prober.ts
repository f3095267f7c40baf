// Asks one proxy again and again which version answers, and tells when the answer changes.
import { connect, type Socket } from "node:net";
import { AnswerReader } from "../generator/answer-reader.ts";

export interface VersionProberOptions {
  readonly port: number;
  /** From one request to the next, unless the answer takes longer. */
  readonly everyMs: number;
  /** Every answer's body, at the moment of its last octet. */
  onAnswer(version: string, atMs: number): void;
  /** The connection is lost; nothing more is asked. */
  onError(cause: Error): void;
}

const request = "GET / HTTP/1.1\r\nHost: bench\r\n\r\n";
const VERSION_BYTES = 2;

export class VersionProber implements Disposable {
  readonly #options: VersionProberOptions;
  readonly #reader = new AnswerReader();
  readonly #socket: Socket;
  #last = "";
  #askedMs = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: VersionProberOptions) {
    this.#options = options;
    this.#socket = connect({ host: "127.0.0.1", port: options.port, noDelay: true });
    this.#socket.on("connect", () => this.#ask());
    this.#socket.on("data", (octets: Buffer) => this.#take(octets));
    this.#socket.on("error", (cause: Error) => options.onError(cause));
    this.#socket.on("end", () =>
      options.onError(new Error(`the proxy at ${options.port} hung up`)),
    );
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#socket.removeAllListeners();
    this.#socket.destroy();
  }

  #ask(): void {
    this.#askedMs = performance.now();
    this.#socket.write(request);
  }

  #take(octets: Buffer): void {
    const atMs = performance.now();
    this.#last = (this.#last + octets.toString("latin1")).slice(-VERSION_BYTES);
    try {
      if (!this.#reader.take(octets, octets.length)) return;
    } catch (cause) {
      this.#options.onError(cause as Error);
      return;
    }
    this.#options.onAnswer(this.#last, atMs);
    const leftMs = this.#askedMs + this.#options.everyMs - performance.now();
    this.#timer = setTimeout(() => this.#ask(), Math.max(0, leftMs));
  }
}
