import type { ProxyFailureCode } from "#core/errors/proxy-failures.ts";
import type { RequestHandler } from "#http/exchange.ts";
import { type ServerConnection, serveHttp1 } from "#http/server/server-connection.ts";
import type { ServerOptions } from "#http/server/server-options.ts";
import type { SocketAddress, Transport } from "#net/transport.ts";
import type { Http1Error } from "#wire/http1/http1-error.ts";
import type { Downstream } from "./downstream.ts";
import { type Failure, failureReply } from "./local-reply.ts";
import type { ProxyRuntime } from "./proxy-runtime.ts";
import { accessLogLine, upstreamFragment } from "./telemetry/access-log-line.ts";

/** In which version of HTTP requests come; `weft-h2`: HTTP/2 that keeps heads as they were written. */
export type HttpVersion = "http1" | "http2" | "weft-h2";

/** What all requests of one connection have in common. */
export interface ServedBy {
  readonly runtime: ProxyRuntime;
  readonly downstream: Downstream;
  readonly version: HttpVersion;
}

/** A connection of which it is not known yet what it carries. */
interface Undecided {
  destroy(): void;
}

/** The HTTP connections that are open, and those that may become such, so that they can be told to end. */
export class OpenConnections {
  readonly #open = new Set<ServerConnection>();
  readonly #undecided = new Set<Undecided>();
  #isDraining = false;

  /** `look` begins to look at a connection, and calls `onGone` when the looking is over. */
  lookAt(look: (onGone: () => void) => Undecided): void {
    let isOver = false;
    const undecided = look(() => {
      isOver = true;
      this.#undecided.delete(undecided);
    });
    if (isOver) return;
    this.#undecided.add(undecided);
    if (this.#isDraining) undecided.destroy();
  }

  /** Serves requests on a transport until it ends. */
  serve({ runtime, downstream }: ServedBy, transport: Transport, handler: RequestHandler): void {
    const options: Partial<ServerOptions> = {
      now: () => runtime.clock.monotonicMs(),
      describeError: (error, request) =>
        badRequestReply(runtime, downstream, error, request === undefined),
    };
    const connection = serveHttp1(transport, handler, options, (closed) => {
      this.#open.delete(closed);
    });
    if (transport.isClosed) return;
    this.#open.add(connection);
    if (this.#isDraining) connection.drain();
  }

  /** Idle and undecided connections end now, the others with the response under way, which says so; so do those to come. */
  drain(): void {
    this.#isDraining = true;
    for (const connection of [...this.#open]) connection.drain();
    for (const undecided of [...this.#undecided]) undecided.destroy();
  }

  destroy(): void {
    for (const connection of [...this.#open]) connection.destroy();
    for (const undecided of [...this.#undecided]) undecided.destroy();
  }

  get size(): number {
    return this.#open.size;
  }
}

/** `isUnread`: nobody else will write this request down, since its head was never read. */
function badRequestReply(
  runtime: ProxyRuntime,
  downstream: Downstream,
  error: Http1Error,
  isUnread: boolean,
) {
  const recordId = runtime.nextRecordId();
  const by = `${runtime.self.workload}/${downstream.listener.kind}`;
  const failure: Failure = { code: codeOf(error), message: error.message };
  if (isUnread) logUnread(runtime, downstream, failure, error, recordId);
  return { ...failureReply(failure, { by, recordId }, undefined), status: error.status };
}

function codeOf({ code, status }: Http1Error): ProxyFailureCode {
  if (code === "bad-path") return "bad-path";
  return CODES[status] ?? "bad-request";
}

const CODES: Readonly<Record<number, ProxyFailureCode>> = {
  408: "request-head-timeout",
  417: "expectation-failed",
  431: "request-head-too-large",
  501: "not-implemented",
  505: "version-not-supported",
};

function logUnread(
  runtime: ProxyRuntime,
  downstream: Downstream,
  failure: Failure,
  { status }: Http1Error,
  recordId: string,
): void {
  runtime.accessLog?.write(
    accessLogLine({
      recordId,
      startedAtWallMs: runtime.clock.wallMs(),
      method: "",
      requestTarget: "",
      protocol: "HTTP/1.1",
      authority: "",
      userAgent: undefined,
      forwardedFor: undefined,
      requestId: undefined,
      traceparent: undefined,
      routeName: undefined,
      status,
      flags: "DPE",
      details: "http1.codec_error",
      weftError: failure.code,
      failureText: failure.message,
      bytesReceived: 0,
      bytesSent: 0,
      durationMs: 0,
      connectionMs: -1,
      firstByteMs: -1,
      attempts: 0,
      upstreamFragment: upstreamFragment(undefined, undefined),
      downstreamFragment: downstream.logFragment,
    }),
  );
}

/** `10.0.0.7:4711`; Unix sockets by their path. */
export function addressOf({ host, port, path }: SocketAddress): string {
  if (path !== undefined) return path;
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}
