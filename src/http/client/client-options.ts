import { systemClock } from "#core/clock.ts";
import { TurnClock } from "#net/turn-clock.ts";
import { BODY_LIMITS, type BodyLimits } from "#wire/http1/body-decoder.ts";
import { RESPONSE_LIMITS, type ResponseLimits } from "#wire/http1/response-head.ts";
import { type TimerWheel, timerWheel } from "../timer-wheel.ts";

export interface ClientOptions {
  readonly response: ResponseLimits;
  readonly body: BodyLimits;
  /** 1xx heads before the final one; past it the server is refused. */
  readonly maxInformational: number;
  /** How long a server may take nothing of a request. */
  readonly unreadMs: number;
  readonly wheel: TimerWheel;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

const clock = new TurnClock(systemClock);

export const CLIENT_OPTIONS: ClientOptions = {
  response: RESPONSE_LIMITS,
  body: BODY_LIMITS,
  maxInformational: 16,
  unreadMs: 30_000,
  wheel: timerWheel,
  now: () => clock.monotonicMs(),
};
