// gRPC for one client on the same host, over a Unix socket: what an Envoy asks of the agent beside it. No TLS: the socket's
// folder is the lock.
import { mkdirSync, rmSync } from "node:fs";
import http2 from "node:http2";
import { dirname } from "node:path";
import { encodeFrame, FrameReader } from "../client/message-frames.ts";
import { asXdsError, XdsError } from "../xds-error.ts";

/** One call as its handler sees it. */
export interface LocalCall {
  send(message: Uint8Array): void;
  /** Ends the call; absent: status OK. Twice is harmless. */
  end(error?: XdsError): void;
}

/** What the client does. `closed` is last and comes once, however the call ends. */
export interface LocalCallEvents {
  message(bytes: Uint8Array): void;
  /** The client has no more to say. */
  finished(): void;
  closed(): void;
}

export type LocalHandler = (call: LocalCall) => LocalCallEvents;

const MESSAGE_MAX_BYTES = 16 * 1024 * 1024;
const WINDOW_BYTES = 4 * 1024 * 1024;

/** Handlers by path. Listening until disposed; a socket file of an earlier run is replaced. */
export async function serveLocalGrpc(
  path: string,
  handlers: ReadonlyMap<string, LocalHandler>,
): Promise<AsyncDisposable> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  rmSync(path, { force: true });
  const server = http2.createServer({ settings: { initialWindowSize: WINDOW_BYTES } });
  const sessions = new Set<http2.ServerHttp2Session>();
  server.on("session", (session) => {
    sessions.add(session);
    session.on("close", () => sessions.delete(session));
    session.on("error", () => session.destroy()); // its calls are told by their own events
  });
  server.on("stream", (stream: http2.ServerHttp2Stream, headers) => {
    const handler = handlers.get(String(headers[":path"]));
    if (handler) serve(stream, handler);
    else refuse(stream, String(headers[":path"]));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  return {
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy();
      await new Promise((resolve) => server.close(resolve));
      rmSync(path, { force: true });
    },
  };
}

function serve(stream: http2.ServerHttp2Stream, handler: LocalHandler): void {
  const frames = new FrameReader(MESSAGE_MAX_BYTES);
  let isOver = false;
  const end = (error?: XdsError): void => {
    if (isOver) return;
    isOver = true;
    if (stream.destroyed) return;
    stream.once("wantTrailers", () => stream.sendTrailers(statusFields(error)));
    stream.end();
  };
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  const events = handler({
    send: (message) => {
      if (!(isOver || stream.destroyed)) stream.write(encodeFrame(message));
    },
    end,
  });
  stream.on("data", (bytes: Uint8Array) => {
    try {
      frames.push(bytes, (message) => events.message(message));
    } catch (cause) {
      end(asXdsError(cause));
    }
  });
  stream.on("end", () => events.finished());
  stream.on("error", () => stream.destroy());
  stream.once("close", () => {
    isOver = true;
    events.closed();
  });
}

function refuse(stream: http2.ServerHttp2Stream, path: string): void {
  const error = new XdsError("unimplemented", `there is no call ${path} here`);
  stream.respond(
    { ":status": 200, "content-type": "application/grpc", ...statusFields(error) },
    { endStream: true },
  );
}

function statusFields(error: XdsError | undefined): Record<string, string> {
  if (error === undefined) return { "grpc-status": "0" };
  return {
    "grpc-status": String(error.facts.status),
    "grpc-message": encodeURIComponent(error.message),
  };
}
