import { type ListeningSocket, openListeningSockets, reservePort } from "#net/listening-socket.ts";
import type { SupervisedSocket } from "./generation.ts";
import type { RememberedPorts } from "./remembered-ports.ts";

export interface WantedSocket {
  readonly name: string;
  readonly host: string;
  /** A number that the user chose: another one will not do. Absent: the one of last time, else any free one. */
  readonly port?: number;
  /** The proxy opens it itself: the number is only held for it. */
  readonly isReserved?: boolean;
  /** Sockets at that port, one for each process that accepts there. Default 1. */
  readonly count?: number;
}

export interface OpenSockets extends Disposable {
  readonly sockets: readonly SupervisedSocket[];
  /** To be remembered for the next start. */
  readonly ports: RememberedPorts;
}

/** Opens all or none. Throws NetError `address-in-use` and the like when a port that the user chose cannot be had. */
export function openSockets(
  wanted: readonly WantedSocket[],
  remembered: RememberedPorts,
): OpenSockets {
  const opened: { readonly socket: SupervisedSocket; close(): void }[] = [];
  const close = () => {
    for (const { close: closeOne } of opened) closeOne();
  };
  try {
    for (const want of wanted) opened.push(openOne(want, remembered[want.name]));
  } catch (cause) {
    close();
    throw cause;
  }
  const sockets = opened.map(({ socket }) => socket);
  const ports = Object.fromEntries(sockets.map(({ name, address }) => [name, address.port]));
  return { sockets, ports, [Symbol.dispose]: close };
}

function openOne(want: WantedSocket, last: number | undefined) {
  const { name, host, port } = want;
  const listening = port === undefined ? openNear(want, last) : open(want, port);
  const fds = listening.map(({ fd }) => fd);
  const socket = { name, address: { host, port: listening[0]?.port ?? 0 }, fds };
  const close = () => {
    for (const one of listening) one.close();
  };
  return { socket, close };
}

function openNear(want: WantedSocket, last: number | undefined) {
  if (last !== undefined) {
    try {
      return open(want, last);
    } catch {
      // somebody has taken it since: any other will do
    }
  }
  return open(want, 0);
}

function open(
  { host, isReserved, count = 1 }: WantedSocket,
  port: number,
): readonly ListeningSocket[] {
  return isReserved === true
    ? [reservePort({ host, port })]
    : openListeningSockets({ host, port }, count);
}
