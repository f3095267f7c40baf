import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { ClientHelloReader, type FirstMessage } from "#wire/tls-client-hello.ts";

/** The first message of a client of TLS. */
export type ClientHello = Extract<FirstMessage, { readonly kind: "client-hello" }>;

export interface FirstMessageResult {
  /** The socket is paused, and everything that was read is put back. `hello`: undefined when it is no TLS after all. */
  onRead(hello: ClientHello | undefined): void;
  /** The client ended, broke off or took too long. */
  onGone(cause: Error | undefined): void;
}

/** Reads the first message without taking part in it. `first`: what was read from the socket already. */
export function readFirstTlsMessage(
  socket: Socket,
  first: Buffer,
  timeoutMs: number,
  { onRead, onGone }: FirstMessageResult,
): void {
  const reader = new ClientHelloReader();
  const pieces: Buffer[] = [];
  const stop = () => {
    clearTimeout(timer);
    socket.off("data", push).off("error", gone).off("end", gone).pause();
  };
  const gone = (cause?: Error) => {
    stop();
    onGone(cause);
  };
  const push = (bytes: Buffer) => {
    pieces.push(bytes);
    const found = reader.push(bytes);
    if (found.kind === "partial") return;
    stop();
    socket.unshift(Buffer.concat(pieces));
    onRead(found.kind === "client-hello" ? found : undefined);
  };
  const timer = setTimeout(gone, timeoutMs);
  socket.on("data", push).on("error", gone).on("end", gone);
  push(first);
}
