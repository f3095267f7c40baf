import type { NetError } from "./net-error.ts";

/** One side of a socket. `path` is set for Unix sockets, where host is "" and port 0. */
export interface SocketAddress {
  readonly host: string;
  readonly port: number;
  readonly path?: string;
}

/** What a TLS handshake established. */
export interface TlsFacts {
  /** What the verifier made of the peer's chain; undefined when the peer showed no certificate. */
  readonly identity: unknown;
  /** Leaf first; empty when the peer showed no certificate. */
  readonly chainDer: readonly Uint8Array[];
  /** Negotiated protocol, "" when none. */
  readonly alpn: string;
  /** Server name that the client asked for, "" when none. */
  readonly sni: string;
  /** `TLSv1.2` or `TLSv1.3`. */
  readonly version: string;
  readonly cipher: string;
}

/** Who is told what happens on a transport. Calls are never made from inside a call to the transport itself. */
export interface TransportEvents {
  /** The bytes belong to the receiver from now on (nobody reuses their memory). */
  onData(bytes: Buffer): void;
  /** The peer sent its last byte; writing still works. */
  onEnd(): void;
  /** The queue fell below the low watermark after `write` had returned false. */
  onDrain(): void;
  /** Exactly once, last. Undefined after an orderly end of both sides or `destroy()` without a cause. */
  onClose(error: NetError | undefined): void;
}

/**
 * A duplex byte pipe over TCP, TLS or a Unix socket. Writes are collected and handed to the kernel once per turn
 * of the event loop; what the kernel does not take waits in a bounded queue. Made of the runtime's own socket
 * (`NativeTransport`) where that can be had, of a node stream (`SocketTransport`) otherwise; nobody can tell which.
 */
export interface Transport {
  readonly remote: SocketAddress;
  readonly local: SocketAddress;
  readonly tls: TlsFacts | undefined;
  readonly bytesRead: number;
  /** Handed to the kernel (for TLS: plaintext). */
  readonly bytesWritten: number;
  /** Bytes that wait in our queue. */
  readonly queuedBytes: number;
  readonly isClosed: boolean;
  /** Replaces the receiver. Takes effect for the next event. */
  attach(events: TransportEvents): void;
  /**
   * False above the high watermark: stop until `onDrain`. Small byte arrays are copied; large ones are kept by
   * reference until they are written, so the caller must not change them. A string is latin1.
   */
  write(bytes: Uint8Array | string): boolean;
  /** As `write` of `bytes.subarray(start, end)`, which need not be made; copied whatever its size. */
  writeRange(bytes: Buffer, start: number, end: number): boolean;
  /** Hands what was collected to the kernel now instead of at the end of the turn. */
  flush(): void;
  /** Sends what is queued, then ends our side. */
  end(): void;
  /** Ends both sides at once; what is queued is lost. The peer may take it for an orderly end. */
  destroy(error?: NetError): void;
  /** As `destroy`, and the peer knows that what it got is not whole. */
  reset(error?: NetError): void;
  /** Stops `onData` until `resume`. */
  pause(): void;
  resume(): void;
}
