import type { ServerExchangeEvents } from "#http/exchange.ts";

/** Of an exchange that is answered whatever comes. */
export const ignoredEvents: ServerExchangeEvents = {
  onRequestData: () => undefined,
  onRequestEnd: () => undefined,
  onResponseDrain: () => undefined,
  onExchangeEnd: () => undefined,
};
