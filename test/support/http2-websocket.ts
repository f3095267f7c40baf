import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";
import { eventually } from "./eventually.ts";

/** A WebSocket of a client of HTTP/2, and all that came of it. */
export interface Http2WebSocket {
  readonly stream: ClientHttp2Stream;
  status: number;
  headers: Readonly<Record<string, unknown>>;
  readonly bytes: () => Buffer;
  hasEnded: boolean;
  isClosed: boolean;
  /** Of RST_STREAM, 0 for none. */
  readonly rstCode: () => number;
}

/** A connection of the runtime's own client that asks by extended CONNECT (RFC 8441). */
export interface Http2WebSocketClient extends Disposable {
  readonly session: ClientHttp2Session;
  /** Resolves with the answer. */
  open(path: string, fields?: Readonly<Record<string, string>>): Promise<Http2WebSocket>;
}

/** Waits for the server's word that it takes such requests. */
export async function http2WebSocketClient(
  port: number,
  authority = "payments",
): Promise<Http2WebSocketClient> {
  const session = connect(`http://127.0.0.1:${port}`);
  session.on("error", () => undefined);
  await eventually(() => session.remoteSettings?.enableConnectProtocol === true);
  return {
    session,
    open: async (path, fields = {}) => {
      const stream = session.request({
        ":method": "CONNECT",
        ":protocol": "websocket",
        ":scheme": "http",
        ":authority": authority,
        ":path": path,
        "sec-websocket-version": "13",
        ...fields,
      });
      const opened = watched(stream);
      await eventually(() => opened.status !== 0 || opened.isClosed);
      return opened;
    },
    [Symbol.dispose]: () => session.destroy(),
  };
}

function watched(stream: ClientHttp2Stream): Http2WebSocket {
  const chunks: Buffer[] = [];
  const opened: Http2WebSocket = {
    stream,
    status: 0,
    headers: {},
    bytes: () => Buffer.concat(chunks),
    hasEnded: false,
    isClosed: false,
    rstCode: () => stream.rstCode ?? 0,
  };
  stream.on("response", (headers) => {
    opened.status = Number(headers[":status"]);
    opened.headers = headers;
  });
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  stream.on("end", () => {
    opened.hasEnded = true;
  });
  stream.on("close", () => {
    opened.isClosed = true;
  });
  stream.on("error", () => undefined);
  return opened;
}
