// One gRPC call over an HTTP/2 session: what grpc-js would do, without its 26 MB.
import type { Timers } from "../stream/timers.ts";
import { asXdsError, codeOfStatus, XdsError } from "../xds-error.ts";
import type { Exchange, FieldReader, Http2Session } from "./http2-session.ts";
import { encodeFrame, FrameReader } from "./message-frames.ts";

export interface CallOptions {
  /** `/package.Service/Method` */
  readonly path: string;
  readonly authority: string;
  readonly metadata?: readonly (readonly [name: string, value: string])[];
  /** Whole call; absent: none. */
  readonly deadlineMs?: number;
  readonly timers: Timers;
}

export interface CallEvents {
  message(bytes: Uint8Array): void;
  /** What `send` had to keep has left. */
  drain?(): void;
  /** Once and last. Undefined: status OK. */
  end(error: XdsError | undefined): void;
}

export interface Call {
  /** False: more than the connection takes now is waiting. */
  send(message: Uint8Array): boolean;
  /** No more messages from this side. */
  finish(): void;
  /** Ends it here and now; `end` is not called. */
  cancel(): void;
}

export const MESSAGE_MAX_BYTES = 16 * 1024 * 1024;

/** Throws XdsError `unavailable` when the session is closed. */
export function openCall(session: Http2Session, options: CallOptions, events: CallEvents): Call {
  const reply = new Reply(events);
  const { path, authority } = options;
  const request = { path, authority, fields: requestFields(options) };
  const exchange = session.open(request, {
    head: (status, fields) => reply.guard(() => reply.head(status, fields)),
    data: (bytes) => reply.guard(() => reply.data(bytes)),
    trailers: (fields) => reply.guard(() => reply.status(fields)),
    drain: () => events.drain?.(),
    close: (error) => reply.close(error),
  });
  reply.exchange = exchange;
  const { deadlineMs, timers } = options;
  if (deadlineMs !== undefined)
    reply.deadline = timers.after(deadlineMs, () =>
      reply.fail(new XdsError("deadline-exceeded", `no answer within ${deadlineMs} ms`)),
    );
  return {
    send: (message) => !reply.isOver && exchange.write(encodeFrame(message)),
    finish: () => {
      if (!reply.isOver) exchange.end();
    },
    cancel: () => reply.abandon(),
  };
}

/** Sends one message and resolves to the one that answers it. Rejects with XdsError. */
export function callUnary(
  session: Http2Session,
  options: CallOptions,
  request: Uint8Array,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    let answer: Uint8Array | undefined;
    const call = openCall(session, options, {
      message: (bytes) => {
        answer ??= bytes;
      },
      end: (error) => {
        if (error) reject(error);
        else if (answer) resolve(answer);
        else reject(new XdsError("protocol", `${options.path} ended well but without an answer`));
      },
    });
    call.send(request);
    call.finish();
  });
}

function requestFields(options: CallOptions): readonly (readonly [string, string])[] {
  const { deadlineMs, metadata = [] } = options;
  return [
    ["te", "trailers"],
    ["content-type", "application/grpc"],
    ["user-agent", "weft"],
    ...(deadlineMs === undefined ? [] : [["grpc-timeout", grpcTimeout(deadlineMs)] as const]),
    ...metadata,
  ];
}

/** At most eight digits and a unit. */
function grpcTimeout(ms: number): string {
  return ms < 1e8 ? `${Math.ceil(ms)}m` : `${Math.min(99_999_999, Math.ceil(ms / 1000))}S`;
}

/** The answer as it comes in: headers, messages, trailers; ends exactly once. */
class Reply {
  exchange: Exchange | undefined;
  deadline: Disposable | undefined;
  isOver = false;
  readonly #events: CallEvents;
  readonly #frames = new FrameReader(MESSAGE_MAX_BYTES);
  #status: { readonly code: number; readonly message: string } | undefined;
  #httpProblem: string | undefined;

  constructor(events: CallEvents) {
    this.#events = events;
  }

  head(http: number, fields: FieldReader): void {
    this.status(fields); // an answer that is nothing but a status has it here
    const type = fields.field("content-type") ?? "none";
    if (http !== 200) this.#httpProblem = `the server answered with HTTP status ${http}`;
    else if (!type.startsWith("application/grpc"))
      this.#httpProblem = `the server answered with content type ${type}, which is not gRPC`;
  }

  status(fields: FieldReader): void {
    const status = fields.field("grpc-status");
    if (status === undefined) return;
    const code = Number.parseInt(status, 10);
    this.#status = { code, message: decodeMessage(fields.field("grpc-message") ?? "") };
  }

  data(bytes: Uint8Array): void {
    if (this.isOver || this.#httpProblem !== undefined) return;
    this.#frames.push(bytes, (message) => {
      if (!this.isOver) this.#events.message(message);
    });
  }

  close(error: Error | undefined): void {
    if (!this.isOver) this.#end(this.#verdict(error));
  }

  #verdict(error: Error | undefined): XdsError | undefined {
    const status = this.#status;
    if (status === undefined) {
      const problem =
        this.#httpProblem ?? error?.message ?? "the connection was lost in the middle of the call";
      return new XdsError("unavailable", problem, error);
    }
    if (status.code !== 0)
      return new XdsError(codeOfStatus(status.code), status.message || "no reason was given");
    try {
      this.#frames.finish();
      return undefined;
    } catch (cause) {
      return asXdsError(cause);
    }
  }

  /** Runs a callback; what it throws ends the call. */
  guard(work: () => void): void {
    if (this.isOver) return;
    try {
      work();
    } catch (cause) {
      this.fail(asXdsError(cause));
    }
  }

  fail(error: XdsError): void {
    if (this.isOver) return;
    this.exchange?.cancel();
    this.#end(error);
  }

  abandon(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.deadline?.[Symbol.dispose]();
    this.exchange?.cancel();
  }

  #end(error: XdsError | undefined): void {
    this.isOver = true;
    this.deadline?.[Symbol.dispose]();
    this.#events.end(error);
  }
}

/** Percent-encoded on the wire; broken encoding is shown as it came. */
function decodeMessage(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a sentence for a person: better raw than lost
  }
}
