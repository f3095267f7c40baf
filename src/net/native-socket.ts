import type { Server, Socket } from "node:net";

// The runtime's own socket under one of `node:net` or `node:tls`. Its events cost a function call each, where those of
// a node stream cost several µs. That a node socket has it as `_handle`, and that `reload` on it replaces the receiver,
// is not documented: `native-check.ts` tries both at start, and without them the node streams are used.

/** Of the runtime's `Socket`, what is used here; `data` is who is told. */
export interface NativeSocket {
  data: NativeReceiver;
  /** Negative when closed. */
  readonly fd: number;
  readonly localAddress: string | undefined;
  readonly localPort: number | undefined;
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  /** Returns how many bytes were taken; `drain` comes when there is room again. Negative on a closed socket. */
  write(bytes: Uint8Array, from?: number, length?: number): number;
  /** Ends our side only. */
  shutdown(): void;
  /** Ends both sides; for the peer in order, unless it is still sending. */
  close(): void;
  /** Ends both sides with a reset. */
  terminate(): void;
  pause(): void;
  resume(): void;
  setNoDelay(isOn: boolean): void;
  setKeepAlive(isOn: boolean, delayMs: number): void;
  reload(options: { readonly socket: NativeHandlers }): void;
}

/** Who is told what happens on a native socket. May be called from inside a call to the socket. */
export interface NativeReceiver {
  receive(bytes: Buffer): void;
  /** The peer sent its last byte. Not called when our side had ended before: then only `gone`. */
  receiveEnd(): void;
  drained(): void;
  /** Once, last. */
  gone(cause: Error | undefined): void;
}

/** For a socket in which nobody is interested any more. */
export const DEAF: NativeReceiver = {
  receive: () => undefined,
  receiveEnd: () => undefined,
  drained: () => undefined,
  gone: () => undefined,
};

/** One set for all sockets: who is told is in `data`. */
export interface NativeHandlers {
  data(socket: NativeSocket, bytes: Buffer): void;
  end(socket: NativeSocket): void;
  drain(socket: NativeSocket): void;
  error(socket: NativeSocket, cause: Error): void;
  close(socket: NativeSocket, cause?: Error): void;
}

export const HANDLERS: NativeHandlers = {
  data: (socket, bytes) => socket.data.receive(bytes),
  end: (socket) => socket.data.receiveEnd(),
  drain: (socket) => socket.data.drained(),
  // Of the system's errors `close` tells again; anything else was thrown by a receiver, which nobody may swallow.
  error(_socket, cause) {
    if ("syscall" in cause) return;
    queueMicrotask(() => {
      throw cause;
    });
  },
  close: (socket, cause) => socket.data.gone(cause instanceof Error ? cause : undefined),
};

const METHODS = [
  "write",
  "shutdown",
  "close",
  "terminate",
  "pause",
  "resume",
  "setNoDelay",
  "setKeepAlive",
  "reload",
] as const;

/** A native socket that was taken from its node stream, which hears of nothing from then on. */
export interface Taken {
  readonly socket: NativeSocket;
  /** What the stream had read already. */
  readonly early: Buffer | undefined;
}

/**
 * Takes the native socket from a paused node socket. Undefined when there is none, or when the stream knows of its end
 * already: then it has to go on being used.
 */
export function takeFrom(stream: Socket): Taken | undefined {
  const socket: unknown = Reflect.get(stream, "_handle");
  const state: unknown = Reflect.get(stream, "_readableState");
  if (stream.destroyed || stream.writableLength > 0 || !isNativeSocket(socket)) return undefined;
  if (typeof state !== "object" || state === null || Reflect.get(state, "ended") !== false)
    return undefined;
  const early: unknown = stream.readableLength > 0 ? stream.read() : undefined;
  socket.pause(); // reading from a stream resumes its socket
  return { socket, early: Buffer.isBuffer(early) ? early : undefined };
}

export function isNativeSocket(value: unknown): value is NativeSocket {
  if (typeof value !== "object" || value === null || !("data" in value) || !("fd" in value))
    return false;
  return METHODS.every((name) => typeof Reflect.get(value, name) === "function");
}

/**
 * Takes the connections of a server that was told just now to listen, all that come until it is closed; it must be one
 * that allows half-close. `open` has to give each its `data`. False when the server has no native socket (it waits for a
 * look-up of its host, or could not listen): then the connections are its own.
 */
export function takeAccepted(server: Server, open: (socket: NativeSocket) => void): boolean {
  const handle: unknown = Reflect.get(server, "_handle");
  if (typeof handle !== "object" || handle === null || !("fd" in handle)) return false;
  if (!("reload" in handle) || typeof handle.reload !== "function") return false;
  handle.reload({ socket: { ...HANDLERS, open } });
  return true;
}
