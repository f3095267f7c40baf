/** The few things that a gRPC client needs of HTTP/2. `node-http2-session.ts` implements it today. */
export interface Http2Session {
  /** Opens one request stream. Throws when the session is closed or closing. */
  open(
    headers: readonly (readonly [name: string, value: string])[],
    events: ExchangeEvents,
  ): Exchange;
  /** Round-trip check: rejects when no answer comes before the deadline. */
  ping(deadlineMs: number): Promise<void>;
  /** True until the connection is lost or the peer has said that it takes no new streams. */
  isOpen(): boolean;
  /** Called once, when the connection is gone. */
  onClose(callback: (reason: Error | undefined) => void): void;
  /** Lets running exchanges finish. */
  close(): void;
  /** Ends everything now. */
  destroy(): void;
}

export interface Exchange {
  /** False: the peer is slow, wait for `drain`. */
  write(bytes: Uint8Array): boolean;
  /** Half-closes: no more from this side. */
  end(): void;
  /** RST_STREAM with CANCEL; no event follows. */
  cancel(): void;
  pause(): void;
  resume(): void;
}

/** `close` is always last and comes once. Trailers come as `headers` with `trailers: true`. */
export interface ExchangeEvents {
  headers(fields: ReadonlyMap<string, string>, trailers: boolean): void;
  data(bytes: Uint8Array): void;
  drain(): void;
  close(error: Error | undefined): void;
}

/** Resolves when TLS is up and the server's certificate has been accepted. Rejects with `XdsError`. */
export type ConnectHttp2 = (signal: AbortSignal) => Promise<Http2Session>;
