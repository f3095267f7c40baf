import { type Place, Roster } from "#core/roster.ts";
import type { RequestHandler } from "#http/exchange.ts";
import type { ServerConnection } from "#http/server/server-connection.ts";
import type { SocketAddress, Transport } from "#net/transport.ts";
import { type ServedBy, serveHttp } from "./serve-http.ts";

/** A connection of which it is not known yet what it carries. */
interface Undecided {
  destroy(): void;
}

/** The HTTP connections that are open, and those that may become such, so that they can be told to end. */
export class OpenConnections {
  readonly #open = new Roster<ServerConnection>();
  readonly #undecided = new Roster<Undecided>();
  /** How long an idle connection may still be used; undefined: they are not being ended. */
  #drainIdleMs: number | undefined;
  #mayKeepAlive = true;

  /** `look` begins to look at a connection, and calls `onGone` when the looking is over. */
  lookAt(look: (onGone: () => void) => Undecided): void {
    let isOver = false;
    let place: Place<Undecided> | undefined;
    const undecided = look(() => {
      isOver = true;
      if (place !== undefined) this.#undecided.remove(place);
    });
    if (isOver) return;
    place = this.#undecided.add(undecided);
    if (this.#drainIdleMs === 0) undecided.destroy();
  }

  /** Serves requests on a transport until it ends. */
  serve(by: ServedBy, transport: Transport, handler: RequestHandler): void {
    let place: Place<ServerConnection> | undefined;
    const connection = serveHttp(by, transport, handler, () => {
      if (place !== undefined) this.#open.remove(place);
    });
    if (transport.isClosed) return;
    place = this.#open.add(connection);
    if (this.#drainIdleMs !== undefined) connection.drain(this.#drainIdleMs);
    else if (!this.#mayKeepAlive && by.version === "http1") connection.drain(SHED_IDLE_MS);
  }

  /**
   * Memory is short, or no longer: connections that are open end with their next response, and so do new ones of HTTP/1. A
   * client of HTTP/2 would make a new connection at once, which costs more than the one that it has.
   */
  keepAlive(isAllowed: boolean): void {
    this.#mayKeepAlive = isAllowed;
    if (isAllowed || this.#drainIdleMs !== undefined) return;
    for (const connection of this.#open.values()) connection.drain(SHED_IDLE_MS);
  }

  /**
   * Connections end with their next response, which says so; those that stay idle after `idleMs`. At 0, idle and undecided
   * ones end now. The same for those to come.
   */
  drain(idleMs: number): void {
    this.#drainIdleMs = idleMs;
    for (const connection of this.#open.values()) connection.drain(idleMs);
    if (idleMs > 0) return;
    for (const undecided of this.#undecided.values()) undecided.destroy();
  }

  destroy(): void {
    for (const connection of this.#open.values()) connection.destroy();
    for (const undecided of this.#undecided.values()) undecided.destroy();
  }

  get size(): number {
    return this.#open.size;
  }
}

/** A client may be about to use an idle connection. */
const SHED_IDLE_MS = 1_000;

/** `10.0.0.7:4711`; Unix sockets by their path. */
export function addressOf({ host, port, path }: SocketAddress): string {
  if (path !== undefined) return path;
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}
