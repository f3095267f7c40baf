import type { ServerExchangeEvents } from "#http/exchange.ts";
import { ignoredEvents } from "../ignored-events.ts";

/** Answers when something else is done; the caller may be gone by then. */
export function answerAfter(ready: Promise<unknown>, answer: () => void): ServerExchangeEvents {
  let isOver = false;
  void ready.then(() => {
    if (!isOver) answer();
  });
  return {
    ...ignoredEvents,
    onExchangeEnd: () => {
      isOver = true;
    },
  };
}
