/** The few things that a gRPC client needs of HTTP/2: `open-session.ts` makes them of a connection. */
export interface Http2Session {
  /** Opens one request stream. Throws XdsError when the session is closed or closing. */
  open(request: SessionRequest, events: ExchangeEvents): Exchange;
  /** Lets running exchanges finish. */
  close(): void;
  /** Ends everything now. */
  destroy(): void;
}

export interface SessionRequest {
  readonly path: string;
  readonly authority: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
}

export interface Exchange {
  /** False: the peer is slow, wait for `drain`. */
  write(bytes: Uint8Array): boolean;
  /** Half-closes: no more from this side. */
  end(): void;
  /** RST_STREAM with CANCEL; no event follows. */
  cancel(): void;
}

/** Fields of a head or of trailers, by their lower-case name. */
export interface FieldReader {
  field(name: string): string | undefined;
}

/** `close` is always last and comes once. Never called from inside a call to the session or the exchange. */
export interface ExchangeEvents {
  head(status: number, fields: FieldReader): void;
  /** The bytes belong to the receiver. */
  data(bytes: Uint8Array): void;
  trailers(fields: FieldReader): void;
  drain(): void;
  close(error: Error | undefined): void;
}

/** Resolves when TLS is up and the server's certificate has been accepted. Rejects with `XdsError`. */
export type ConnectHttp2 = (signal: AbortSignal) => Promise<Http2Session>;
