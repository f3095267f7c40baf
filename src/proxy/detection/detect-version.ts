import type { Buffer } from "node:buffer";
import { HeldBytes } from "#http/held-bytes.ts";
import { ResumedTransport } from "#http/resumed-transport.ts";
import { Deadline, type TimerWheel, timerWheel } from "#http/timer-wheel.ts";
import type { Transport, TransportEvents } from "#net/transport.ts";
import type { DetectionTimes } from "../limits/connection-settings.ts";
import type { Detection } from "./detect-protocol.ts";
import { httpVersionOf } from "./http-version.ts";

export interface VersionDeadlines extends DetectionTimes {
  /** Absent: that of the data path. */
  readonly wheel?: TimerWheel;
}

/**
 * Where nothing but requests may come, only the version of HTTP is asked: HTTP/2 by its preface, anything else is for the
 * reader of HTTP/1, who says in words what is wrong with it. `onGone` is called once, when the looking is over.
 */
export function detectVersion(
  transport: Transport,
  onVersion: (transport: Transport, version: "http1" | "http2") => void,
  onGone: () => void,
  deadlines: VersionDeadlines,
): Detection {
  const detection = new RunningDetection(transport, onVersion, onGone, deadlines);
  transport.attach(detection);
  return detection;
}

class RunningDetection implements Detection, TransportEvents {
  readonly #transport: Transport;
  readonly #onVersion: (transport: Transport, version: "http1" | "http2") => void;
  readonly #onGone: () => void;
  readonly #deadlines: VersionDeadlines;
  readonly #wheel: TimerWheel;
  readonly #deadline = new Deadline(() => this.#onLate());
  readonly #held = new HeldBytes();
  #isOver = false;

  constructor(
    transport: Transport,
    onVersion: (transport: Transport, version: "http1" | "http2") => void,
    onGone: () => void,
    deadlines: VersionDeadlines,
  ) {
    this.#transport = transport;
    this.#onVersion = onVersion;
    this.#onGone = onGone;
    this.#deadlines = deadlines;
    this.#wheel = deadlines.wheel ?? timerWheel;
    this.#wheel.arm(this.#deadline, deadlines.silentMs);
  }

  destroy(): void {
    if (this.#finish()) this.#transport.destroy();
  }

  onData(bytes: Buffer): void {
    if (this.#isOver) return;
    const isFirst = this.#held.length === 0;
    this.#held.append(bytes);
    const version = httpVersionOf(this.#held.peek() ?? bytes);
    if (version !== "undecided") this.#found(version);
    else if (isFirst && this.#held.length > 0)
      this.#wheel.arm(this.#deadline, this.#deadlines.undecidedMs);
  }

  onEnd(): void {
    if (this.#held.length > 0)
      this.#found("http1"); // which says that the head is cut
    else this.destroy();
  }

  onDrain(): void {
    // nothing is written here
  }

  onClose(): void {
    this.#finish();
  }

  #onLate(): void {
    if (this.#held.length > 0)
      this.#found("http1"); // which gives it as long again, and then says that it is late
    else this.destroy();
  }

  #found(version: "http1" | "http2"): void {
    if (!this.#finish()) return;
    this.#transport.pause();
    this.#onVersion(new ResumedTransport(this.#transport, this.#held.take()), version);
  }

  #finish(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.#wheel.cancel(this.#deadline);
    this.#onGone();
    return true;
  }
}
