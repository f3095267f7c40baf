import type { ClientExchange, FieldView, PeerError, ResponseHead } from "#http/exchange.ts";
import type { Failure } from "./local-reply.ts";

/** Whose tries they are. */
export interface TriesOwner {
  /** The head of an answer that is the caller's. `fromProxy`: it came over mutual TLS from another proxy. */
  onAnswer(head: ResponseHead, fromProxy: boolean): void;
  /** The upstream changes protocols. `client` may be taken over; `onAnswerEnd` is not called. */
  onUpgraded(head: ResponseHead, fromProxy: boolean, client: ClientExchange): void;
  onAnswerEnd(trailers: FieldView | undefined): void;
  /** No try is left, and nothing was answered yet. */
  onFailed(failure: Failure): void;
  /** The answer broke off in its middle. */
  onBroken(failure: Failure, error: PeerError | undefined): void;
}
