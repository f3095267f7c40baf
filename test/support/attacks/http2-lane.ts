// What the attacks over HTTP/2 share: an opened connection, and floods in pieces.
import { settings } from "#http/http2/testing/raw-frames.ts";
import type { Attack, Lane } from "./attack.ts";
import type { AttackSocket } from "./attack-socket.ts";

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const ACK = Buffer.from([0, 0, 0, 4, 1, 0, 0, 0, 0]);
/** Heads of answers are read without tables. */
const TABLE_SIZE: readonly [number, number] = [1, 0];
export const INITIAL_WINDOW = 4;

/** A connection that has said hello. */
export async function hello(
  lane: Lane,
  entries: readonly (readonly [id: number, value: number])[] = [],
): Promise<AttackSocket> {
  const socket = await lane.open();
  await socket.send(PREFACE, settings([TABLE_SIZE, ...entries]), ACK);
  return socket;
}

/** Until the peer closes, or it is over. */
export async function untilClosed(lane: Lane, socket: AttackSocket): Promise<void> {
  await Promise.race([socket.closed, lane.over]);
}

/** Sends pieces, one after the other, until the peer has closed, it is over, or there are no more. Then waits for the end. */
export async function flood(
  lane: Lane,
  socket: AttackSocket,
  pieces: Iterable<Uint8Array | string>,
): Promise<void> {
  for (const piece of pieces) {
    const isTaken = await Promise.race([socket.send(piece), lane.over.then(() => false)]);
    if (!isTaken || lane.isOver()) break;
    // Its own answers have to get a turn to be read.
    await new Promise((resolve) => setImmediate(resolve));
  }
  await untilClosed(lane, socket);
}

/** As `flood`, without reading; in the end it is read what was said meanwhile. */
export async function unreadFlood(
  lane: Lane,
  socket: AttackSocket,
  pieces: Iterable<Uint8Array | string>,
): Promise<void> {
  socket.stopReading();
  const patience = lane.patience();
  await Promise.race([flood(lane, socket, pieces), patience]);
  await Promise.race([patience, lane.over]);
  socket.readAgain();
  await untilClosed(lane, socket);
}

/** So many of something in one piece. */
export function times(count: number, make: (index: number) => Uint8Array): Buffer {
  return Buffer.concat(Array.from({ length: count }, (_, index) => make(index)));
}

/** The same piece without end. */
export function* endless(piece: Uint8Array | string): Generator<Uint8Array | string> {
  for (;;) yield piece;
}

type Http2Attack = Omit<Attack, "over" | "speaks" | "connections"> & Partial<Attack>;

export const http2Attack = (attack: Http2Attack): Attack => ({
  over: ["plain", "mtls"],
  speaks: "http2",
  connections: 4,
  ...attack,
});
