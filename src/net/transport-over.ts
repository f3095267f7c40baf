import type { Socket } from "node:net";
import { nativeSocketsWork } from "./native-check.ts";
import { HANDLERS, takeFrom } from "./native-socket.ts";
import { NativeTransport } from "./native-transport.ts";
import { SocketTransport, type SocketTransportOptions } from "./socket-transport.ts";
import type { Transport } from "./transport.ts";

/** What transports are made of: the runtime's own sockets, or node streams where those do not do what they should. */
export type StreamKind = "native" | "node";

let known: StreamKind | undefined;
let asked: Promise<StreamKind> | undefined;

/** Finds out once per process; asks again at no cost. */
export function streamKind(): Promise<StreamKind> {
  asked ??= nativeSocketsWork().then((works) => {
    known ??= works ? "native" : "node";
    return known;
  });
  return asked;
}

/** @internal For tests: both kinds have to pass the same ones. */
export function useStreamKind(kind: StreamKind): void {
  known = kind;
  asked = Promise.resolve(kind);
}

/** Makes a transport of a connected, paused socket whose handshake, if any, is over and whose peer is verified. */
export function transportOver(stream: Socket, options: SocketTransportOptions): Transport {
  const taken = known === "native" ? takeFrom(stream) : undefined;
  if (taken === undefined) return new SocketTransport(stream, options);
  const { socket, early } = taken;
  const transport = new NativeTransport(socket, options, early);
  socket.data = transport;
  socket.reload({ socket: HANDLERS });
  return transport;
}
