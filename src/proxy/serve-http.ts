import type { ProxyFailureCode } from "#core/errors/proxy-failures.ts";
import type { RequestHandler } from "#http/exchange.ts";
import { serveHttp2 } from "#http/http2/server-connection.ts";
import { serveHttp1 } from "#http/server/serve-http1.ts";
import type { ServerConnection } from "#http/server/server-connection.ts";
import type { Transport } from "#net/transport.ts";
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

/** Serves requests in one version of HTTP on a transport until it ends. */
export function serveHttp(
  by: ServedBy,
  transport: Transport,
  handler: RequestHandler,
  onClosed: (connection: ServerConnection) => void,
): ServerConnection {
  const { settings } = by.runtime;
  const now = () => by.runtime.clock.monotonicMs();
  if (by.version === "http1")
    return serveHttp1(
      transport,
      handler,
      {
        ...settings.http1Server,
        now,
        describeError: (error, request) => badRequestReply(by, error, request === undefined),
      },
      onClosed,
    );
  return serveHttp2(
    transport,
    handler,
    {
      ...settings.http2Server[by.version === "weft-h2" ? "weft" : "standard"],
      now,
      describeError: (error) => badRequestReply(by, error, true),
    },
    onClosed,
  );
}

/** A request that broke the protocol, in either version. */
interface BadRequest {
  readonly code: string;
  readonly status: number;
  readonly message: string;
}

/** `isUnread`: nobody else will write this request down, since its head was never read. */
function badRequestReply(
  { runtime, downstream, version }: ServedBy,
  error: BadRequest,
  isUnread: boolean,
) {
  const recordNumber = runtime.records.next();
  const by = `${runtime.self.workload}/${downstream.listener.kind}`;
  const failure: Failure = { code: codeOf(error), message: error.message };
  if (isUnread) logUnread({ runtime, downstream, version }, failure, error, recordNumber);
  return {
    ...failureReply(failure, { by, recordId: runtime.records.text(recordNumber) }, undefined),
    status: error.status,
  };
}

function codeOf({ code, status }: BadRequest): ProxyFailureCode {
  if (code === "bad-path") return "bad-path";
  if (code === "body-timeout") return "request-body-timeout";
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
  { runtime, downstream, version }: ServedBy,
  failure: Failure,
  { status }: BadRequest,
  recordNumber: number,
): void {
  runtime.accessLog?.write(
    accessLogLine({
      records: runtime.records,
      recordNumber,
      startedAtWallMs: runtime.clock.wallMs(),
      method: "",
      requestTarget: "",
      protocol: version === "http1" ? "HTTP/1.1" : "HTTP/2",
      authority: "",
      head: undefined,
      ids: undefined,
      routeName: undefined,
      status,
      flags: "DPE",
      details: version === "http1" ? "http1.codec_error" : "http2.protocol_error",
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
