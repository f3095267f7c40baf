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

const SIOCOUTQ = 0x5411;
const answer = new Int32Array(1);

/**
 * Bytes that were handed to the kernel (of TLS what is on the wire) and that the peer's kernel has not acknowledged, also
 * after the peer has reset the connection; 0 where it cannot be told. To be asked before the transport is destroyed.
 */
export function unacknowledgedBytes(transport: Transport): number {
  const descriptor = descriptorOf(transport);
  if (descriptor <= 0 || libc().ioctl(descriptor, SIOCOUTQ, answer) < 0) return 0;
  return answer[0] ?? 0;
}

function descriptorOf(transport: Transport): number {
  if (!("descriptor" in transport) || process.platform !== "linux") return 0;
  return typeof transport.descriptor === "number" ? transport.descriptor : 0;
}

function ask(transport: Transport, events: number): boolean {
  const descriptor = descriptorOf(transport);
  if (descriptor <= 0) return false;
  view.setInt32(0, descriptor, true);
  view.setInt16(4, events, true);
  view.setInt16(6, 0, true);
  return libc().poll(bytes, 1, 0) > 0;
}
