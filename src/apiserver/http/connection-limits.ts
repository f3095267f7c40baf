// How long a client may keep a connection without asking anything, and how many there may be. Node's HTTP server has such
// timeouts, but not for sockets that TLS in front of it hands over.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { mayHaveBody } from "./node-adapter.ts";

export interface ConnectionLimits {
  readonly maxConnections: number;
  /** From the first byte of a connection to the end of its first request's head, TLS included. Milliseconds. */
  readonly headMs: number;
  /** From a request's head to the end of its body. Milliseconds. */
  readonly bodyMs: number;
  /** Between two requests. Milliseconds. */
  readonly idleMs: number;
}

export const defaultLimits: ConnectionLimits = {
  maxConnections: 1_000,
  headMs: 10_000,
  bodyMs: 60_000,
  idleMs: 120_000,
};

/**
 * ```text
 * connected ──head──► body ──► answer (as long as it takes: watches last) ──► idle ──head──► body …
 *    headMs            bodyMs                                                  idleMs
 * ```
 */
export class OpenConnections {
  readonly #limits: ConnectionLimits;
  readonly #timers = new Map<Socket, Timer | undefined>();

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  /** A connection was accepted; one too many is closed at once. */
  accept(socket: Socket): void {
    if (this.#timers.size >= this.#limits.maxConnections) {
      socket.destroy();
      return;
    }
    this.#await(socket, this.#limits.headMs);
    socket.once("close", () => {
      clearTimeout(this.#timers.get(socket));
      this.#timers.delete(socket);
    });
  }

  /** A request's head has arrived. */
  serve(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { socket } = incoming;
    if (!this.#timers.has(socket)) return;
    this.#await(socket, mayHaveBody(incoming) ? this.#limits.bodyMs : undefined);
    let isAnswered = false;
    incoming.once("end", () => {
      if (!isAnswered) this.#await(socket, undefined);
    });
    outgoing.once("close", () => {
      isAnswered = true;
      if (this.#timers.has(socket)) this.#await(socket, this.#limits.idleMs);
    });
  }

  closeAll(): void {
    for (const socket of this.#timers.keys()) socket.destroy();
  }

  #await(socket: Socket, limitMs: number | undefined): void {
    clearTimeout(this.#timers.get(socket));
    const timer = limitMs === undefined ? undefined : setTimeout(() => socket.destroy(), limitMs);
    this.#timers.set(socket, timer);
  }
}
