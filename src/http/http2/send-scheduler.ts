import { Http2Error } from "#wire/http2/http2-error.ts";
import { MAX_WINDOW } from "#wire/http2/window-update.ts";
import type { FrameOutput } from "./frame-output.ts";
import type { Http2Stream } from "./stream.ts";

/** Streams in a row, linked through themselves. */
class StreamList {
  #first: Http2Stream | undefined = undefined;
  #last: Http2Stream | undefined = undefined;

  push(stream: Http2Stream): void {
    stream.isListed = true;
    if (this.#last === undefined) this.#first = stream;
    else this.#last.next = stream;
    this.#last = stream;
  }

  shift(): Http2Stream | undefined {
    const stream = this.#first;
    if (stream === undefined) return undefined;
    this.#first = stream.next;
    if (this.#first === undefined) this.#last = undefined;
    stream.next = undefined;
    stream.isListed = false;
    return stream;
  }
}

/** Decides whose data goes next: every stream that can send gets one frame per round. */
export class SendScheduler {
  /** What the peer lets all streams together send. */
  window = 65_535;
  readonly #ready = new StreamList();
  /** Have data and a window, and wait for that of the connection. */
  readonly #waiting = new StreamList();
  readonly #onSent: () => void;

  /** `onSent` is called for each frame with data. */
  constructor(onSent: () => void) {
    this.#onSent = onSent;
  }

  add(stream: Http2Stream): void {
    if (!stream.isListed && stream.canSend) this.#ready.push(stream);
  }

  /** Throws Http2Error (connection) when the window would exceed what 31 bits hold. */
  growWindow(bytes: number): void {
    if (this.window + bytes > MAX_WINDOW) throw new Http2Error("window-overflow");
    this.window += bytes;
    for (;;) {
      const stream = this.#waiting.shift();
      if (stream === undefined) return;
      this.add(stream);
    }
  }

  /** Sends until nobody can send, or the transport has enough. */
  pump(output: FrameOutput): void {
    while (!output.isFull) {
      const stream = this.#ready.shift();
      if (stream === undefined) return;
      if (stream.isOver || !stream.canSend) continue;
      if (this.window <= 0 && !stream.needsNoWindow) {
        this.#waiting.push(stream);
        continue;
      }
      const sent = stream.sendNext(output, this.window);
      this.window -= sent;
      if (sent > 0) this.#onSent();
      if (!stream.isOver) this.add(stream);
    }
  }
}
