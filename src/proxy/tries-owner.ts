import type { ClientExchange, FieldView, PeerError, ResponseHead } from "#http/exchange.ts";
import type { Failure } from "./local-reply.ts";
import type { AcceptEdit } from "./protocol-change.ts";
import type { ConnectionPool } from "./upstream/connection-pool.ts";

/** An upstream's word that it changes the protocol. */
export interface Upgraded {
  readonly head: ResponseHead;
  /** It came over mutual TLS from another proxy. */
  readonly fromProxy: boolean;
  /** To be taken over. */
  readonly client: ClientExchange;
  /** Whose connection it is on. */
  readonly pool: ConnectionPool | undefined;
  readonly accept: AcceptEdit | undefined;
}

/** Whose tries they are. */
export interface TriesOwner {
  /** The head of an answer that is the caller's. `fromProxy`: it came over mutual TLS from another proxy. */
  onAnswer(head: ResponseHead, fromProxy: boolean): void;
  /** The upstream changes the protocol; `onAnswerEnd` is not called. */
  onUpgraded(upgraded: Upgraded): void;
  onAnswerEnd(trailers: FieldView | undefined): void;
  /** No try is left, and nothing was answered yet. */
  onFailed(failure: Failure): void;
  /** The answer broke off in its middle. */
  onBroken(failure: Failure, error: PeerError | undefined): void;
}
