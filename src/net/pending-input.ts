import { libc } from "./libc.ts";
import type { Transport } from "./transport.ts";

const POLLIN = 0x001;
/** The peer has ended its side, or both are gone. */
const POLLRDHUP = 0x2000;
/** One `struct pollfd`: descriptor, wanted events, what happened. */
const question = new ArrayBuffer(8);
const view = new DataView(question);
const bytes = new Uint8Array(question);

/**
 * Whether the kernel holds something for us on this connection that the event loop has not told yet: bytes, the peer's
 * end, or a reset. On an idle connection of HTTP/1 any of these means that it must not be used again. About 0.5 µs;
 * false where it cannot be told (a transport tells its file by `descriptor`).
 */
export function hasPendingInput(transport: Transport): boolean {
  return ask(transport, POLLIN);
}

/** Whether the kernel knows that the peer has ended or reset the connection; bytes may wait all the same. About 0.5 µs. */
export function hasHungUp(transport: Transport): boolean {
  return ask(transport, POLLRDHUP);
}

function ask(transport: Transport, events: number): boolean {
  if (!("descriptor" in transport) || process.platform !== "linux") return false;
  const { descriptor } = transport;
  if (typeof descriptor !== "number" || descriptor <= 0) return false;
  view.setInt32(0, descriptor, true);
  view.setInt16(4, events, true);
  view.setInt16(6, 0, true);
  return libc().poll(bytes, 1, 0) > 0;
}
