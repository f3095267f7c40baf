import { connect, constants } from "node:http2";
import type { Announcement } from "../../src/control/data-directory.ts";

export interface RawCall {
  readonly path: string;
  /** Goes out as it is, wrong frames included. */
  readonly body: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  readonly identity?: { readonly chainPem: string; readonly keyPem: string };
  /** What counts as the answer to a call that the server does not end; default: that it ends. */
  readonly untilMessage?: boolean;
}

export interface RawAnswer {
  /** gRPC status; -1 for a connection or stream that broke without one. */
  readonly status: number;
  readonly message: string;
  readonly body: Buffer;
}

/** One call to the control plane's xDS and CA port as its bytes are given, by a client that nobody here wrote. */
export function rawCall({ xds, roots }: Announcement, call: RawCall): Promise<RawAnswer> {
  const { identity } = call;
  const session = connect(`https://${xds.host}:${xds.port}`, {
    ca: roots,
    servername: "istiod.istio-system.svc",
    ...(identity === undefined ? {} : { cert: identity.chainPem, key: identity.keyPem }),
  });
  const { promise, resolve } = Promise.withResolvers<RawAnswer>();
  let status = -1;
  let message = "";
  const chunks: Buffer[] = [];
  const finish = () => {
    resolve({ status, message, body: Buffer.concat(chunks) });
    session.destroy();
  };
  session.on("error", (cause) => {
    message ||= cause.message;
    finish();
  });
  session.on("close", finish);
  const take = (fields: Record<string, unknown>) => {
    if (fields["grpc-status"] === undefined) return;
    status = Number(fields["grpc-status"]);
    message = decodeURIComponent(String(fields["grpc-message"] ?? ""));
  };
  const stream = session.request({
    [constants.HTTP2_HEADER_METHOD]: "POST",
    [constants.HTTP2_HEADER_PATH]: call.path,
    "content-type": "application/grpc",
    te: "trailers",
    ...call.headers,
  });
  stream.on("response", take);
  stream.on("trailers", take);
  stream.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    if (call.untilMessage) finish();
  });
  stream.on("error", (cause: Error) => {
    message ||= cause.message;
  });
  stream.on("close", finish);
  stream.end(call.body);
  return promise;
}

/** A gRPC frame around a message. */
export function framed(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}
