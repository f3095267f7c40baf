// Who speaks first decides what a connection carries.
//
//   caller ──first bytes──► HTTP/1, HTTP/2 ─────────────► served request by request
//     │                └──► TLS, anything else ─────────► joined with a destination
//     │ (meanwhile)
//     └─ silent ──► the destination is opened ──it speaks──► joined, and remembered: not looked at next time
//                                             └─it fails, or ends─► a moment later the caller is told
import { Buffer } from "node:buffer";
import { HeldBytes } from "#http/held-bytes.ts";
import { ResumedTransport } from "#http/resumed-transport.ts";
import type { NetError } from "#net/net-error.ts";
import type { Transport, TransportEvents } from "#net/transport.ts";
import { ClientHelloReader, type FirstMessage } from "#wire/tls-client-hello.ts";
import type { DetectionTimes } from "../limits/connection-settings.ts";
import type { Failure } from "../local-reply.ts";
import type { Caller } from "../tcp/pass-tcp.ts";
import type { DialOutcome, FailedUpstream, OpenUpstream } from "../tcp/upstream-dial.ts";
import type { BegunSide } from "../tunnel.ts";
import { classify } from "./classify.ts";
import type { Spoken, Verdict } from "./verdicts.ts";

/** How a timer is started; the result stops it. */
export type After = (delayMs: number, callback: () => void) => () => void;

/** Opens a connection towards the destination; the result gives it up. */
export type OpenAhead = (outcome: DialOutcome) => { cancel(): void };

export interface DetectionOptions {
  /** What was seen at the destination before; what is seen now is added. */
  readonly verdict: Verdict;
  /** Absent: the caller has to speak first. */
  readonly openAhead?: OpenAhead;
  /** Else whatever looks like them is bytes. */
  readonly carriesRequests: boolean;
  /** TLS goes by the name that it asks for, so its first message is read whole. */
  readonly asksServerName: boolean;
  readonly times: DetectionTimes;
  readonly after: After;
}

/** Bytes that are not requests, or an opened destination that began to speak. */
export interface FoundBytes {
  readonly caller: Caller;
  /** Of the caller's TLS. */
  readonly serverName: string | undefined;
  /** The connection that was opened ahead, and what the destination has said on it. */
  readonly upstream: (BegunSide & { readonly open: OpenUpstream }) | undefined;
}

/** Exactly one of these is told, unless the caller goes away first. */
export interface DetectionResult {
  /** From the transport's new owner's view nothing has been read. */
  onHttp(transport: Transport, version: "http1" | "http2"): void;
  onBytes(found: FoundBytes): void;
  /** The destination could not be reached, and the caller waits for it to speak. */
  onUnreachable(transport: Transport, failed: FailedUpstream): void;
}

/** A connection that is being looked at. */
export interface Detection {
  /** Gives caller and destination up. */
  destroy(): void;
}

/** Looks at a connection until it is known what it carries. `onGone` is called once, when the looking is over. */
export function detectProtocol(
  transport: Transport,
  options: DetectionOptions,
  result: DetectionResult,
  onGone: () => void = () => undefined,
): Detection {
  const detection = new RunningDetection(transport, options, result, onGone);
  detection.begin();
  return detection;
}

/** A caller that will send a request has begun by then; so only a destination of requests is opened so late. */
const SILENCE_MS = 200;
/** A caller may be about to speak when the destination fails or ends. */
const GRACE_MS = 1_000;

class RunningDetection implements Detection, TransportEvents {
  readonly #transport: Transport;
  readonly #options: DetectionOptions;
  readonly #result: DetectionResult;
  readonly #onGone: () => void;
  readonly #held = new HeldBytes();
  #hello: ClientHelloReader | undefined;
  #serverName: string | undefined;
  #stopTimer: () => void = () => undefined;
  #dial: { cancel(): void } | undefined;
  #upstream: OpenUpstream | undefined;
  #failed: FailedUpstream | undefined;
  /** The caller has spoken, or cannot any more; only the destination is waited for. */
  #isBytes = false;
  #hasCallerEnded = false;
  #hasServerEnded = false;
  #isOver = false;

  constructor(
    transport: Transport,
    options: DetectionOptions,
    result: DetectionResult,
    onGone: () => void,
  ) {
    this.#transport = transport;
    this.#options = options;
    this.#result = result;
    this.#onGone = onGone;
  }

  begin(): void {
    const { verdict, openAhead } = this.#options;
    this.#transport.attach(this);
    if (openAhead === undefined || !verdict.isOnlyRequests) this.#open();
    else this.#startTimer(SILENCE_MS, () => this.#open());
  }

  destroy(): void {
    if (!this.#finish()) return;
    this.#giveUpUpstream();
    this.#transport.destroy();
  }

  // ── the caller ──

  onData(bytes: Buffer): void {
    if (this.#isOver) return;
    const isFirst = this.#held.length === 0;
    this.#held.append(bytes);
    if (this.#hello !== undefined) {
      this.#readHello(this.#hello.push(bytes));
      return;
    }
    if (isFirst && this.#options.verdict.isServerFirst) {
      // What was remembered does not hold any more: the next connection is looked at again.
      this.#options.verdict.forget();
      this.#foundBytes(undefined);
      return;
    }
    if (isFirst) this.#startTimer(this.#options.times.undecidedMs, () => this.#foundBytes("tcp"));
    this.#look();
  }

  onEnd(): void {
    this.#hasCallerEnded = true;
    if (this.#held.length > 0 || this.#options.openAhead !== undefined) this.#foundBytes(undefined);
    else this.destroy(); // nobody will say anything
  }

  onDrain(): void {
    // nothing is written here
  }

  onClose(_error: NetError | undefined): void {
    if (this.#finish()) this.#giveUpUpstream();
  }

  #look(): void {
    const bytes = this.#held.peek() ?? NOTHING;
    switch (classify(bytes)) {
      case "undecided":
        return;
      case "http1":
        this.#foundHttp("http1");
        return;
      case "http2":
        this.#foundHttp("http2");
        return;
      case "tls":
        if (!this.#options.asksServerName) this.#foundBytes("tls");
        else {
          this.#hello = new ClientHelloReader();
          this.#readHello(this.#hello.push(bytes));
        }
        return;
      case "other":
        this.#foundBytes("tcp");
    }
  }

  #readHello(found: FirstMessage): void {
    if (found.kind === "partial") return;
    if (found.kind === "client-hello") this.#serverName = found.serverName;
    this.#foundBytes("tls");
  }

  // ── the destination ──

  /** From now on either side may speak. */
  #open(): void {
    const { openAhead, times } = this.#options;
    if (this.#isOver) return;
    this.#startTimer(times.silentMs, () => this.destroy());
    if (openAhead === undefined) return;
    this.#dial = openAhead({
      connected: (upstream) => this.#opened(upstream),
      failed: (failed) => this.#unreachable(failed),
    });
  }

  #opened(upstream: OpenUpstream): void {
    this.#dial = undefined;
    this.#upstream = upstream;
    if (this.#isOver) this.#giveUpUpstream();
    else if (this.#isBytes) this.#join(undefined);
    else upstream.transport.attach(this.#server(upstream));
  }

  #server(upstream: OpenUpstream): TransportEvents {
    return {
      onData: (early) => {
        if (this.#isOver) return;
        this.#options.verdict.see("server-first");
        upstream.transport.pause();
        this.#join(early);
      },
      // It may only have nothing to say to somebody who is silent: its end is told when the caller had time to speak.
      onEnd: () => {
        this.#hasServerEnded = true;
        if (!this.#isOver) this.#startTimer(GRACE_MS, () => this.#join(undefined));
      },
      onDrain: () => undefined,
      onClose: (error) => {
        if (this.#isOver || this.#upstream === undefined) return;
        this.#giveUpUpstream();
        this.#unreachable(closedSilently(upstream, error));
      },
    };
  }

  #unreachable(failed: FailedUpstream): void {
    this.#dial = undefined;
    this.#failed = failed;
    if (this.#isOver) return;
    if (this.#isBytes) this.#fail(failed);
    else this.#startTimer(GRACE_MS, () => this.#fail(failed));
  }

  #startTimer(delayMs: number, action: () => void): void {
    this.#stopTimer();
    this.#stopTimer = this.#options.after(delayMs, action);
  }

  // ── the end of looking ──

  #foundHttp(version: "http1" | "http2"): void {
    const transport = this.#transport;
    if (!this.#options.carriesRequests) {
      this.#foundBytes("tcp");
      return;
    }
    this.#options.verdict.see(version);
    if (!this.#finish()) return;
    this.#giveUpUpstream();
    transport.pause();
    this.#result.onHttp(new ResumedTransport(transport, this.#held.take()), version);
  }

  #foundBytes(spoken: Spoken | undefined): void {
    if (this.#isOver || this.#isBytes) return;
    if (spoken !== undefined) this.#options.verdict.see(spoken);
    this.#isBytes = true;
    this.#stopTimer();
    this.#transport.pause();
    // Another route may hold for this name than for the connection that was opened ahead.
    if (this.#serverName !== undefined) this.#giveUpUpstream();
    else if (this.#dial !== undefined)
      return; // the outcome of the dial goes on
    else if (this.#failed !== undefined) {
      this.#fail(this.#failed);
      return;
    }
    this.#join(undefined);
  }

  #join(early: Buffer | undefined): void {
    const open = this.#upstream;
    this.#upstream = undefined;
    if (!this.#finish()) return;
    const transport = this.#transport;
    transport.pause();
    const caller = { transport, early: this.#held.take(), hasEnded: this.#hasCallerEnded };
    const upstream = open && { open, early, hasEnded: this.#hasServerEnded };
    this.#result.onBytes({ caller, serverName: this.#serverName, upstream });
  }

  #fail(failed: FailedUpstream): void {
    if (this.#finish()) this.#result.onUnreachable(this.#transport, failed);
  }

  #finish(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.#stopTimer();
    this.#onGone();
    return true;
  }

  #giveUpUpstream(): void {
    this.#dial?.cancel();
    this.#dial = undefined;
    const open = this.#upstream;
    this.#upstream = undefined;
    if (open === undefined) return;
    open.transport.attach(nobody);
    open.transport.destroy();
    open.release();
  }
}

const NOTHING = Buffer.alloc(0);

const nobody: TransportEvents = {
  onData: () => undefined,
  onEnd: () => undefined,
  onDrain: () => undefined,
  onClose: () => undefined,
};

function closedSilently(upstream: OpenUpstream, error: NetError | undefined): FailedUpstream {
  const { cluster, host, attempts } = upstream;
  const reason = error?.message ?? "it closed the connection";
  const failure: Failure = {
    code: "upstream-closed",
    message: `${cluster.what} at ${host.address}: ${reason}`,
  };
  return { failure, attempts, logFragment: host.logFragment };
}
