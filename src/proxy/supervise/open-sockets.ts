import { openListeningSocket, reservePort } from "#net/listening-socket.ts";
import type { SupervisedSocket } from "./proxy-process.ts";
import type { RememberedPorts } from "./remembered-ports.ts";

export interface WantedSocket {
  readonly name: string;
  readonly host: string;
  /** A number that the user chose: another one will not do. Absent: the one of last time, else any free one. */
  readonly port?: number;
  /** The proxy opens it itself: the number is only held for it. */
  readonly isReserved?: boolean;
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
  const open: { readonly socket: SupervisedSocket; close(): void }[] = [];
  const close = () => {
    for (const { close: closeOne } of open) closeOne();
  };
  try {
    for (const want of wanted) open.push(openOne(want, remembered[want.name]));
  } catch (cause) {
    close();
    throw cause;
  }
  const sockets = open.map(({ socket }) => socket);
  const ports = Object.fromEntries(sockets.map(({ name, address }) => [name, address.port]));
  return { sockets, ports, [Symbol.dispose]: close };
}

function openOne({ name, host, port, isReserved }: WantedSocket, last: number | undefined) {
  const open = isReserved === true ? reservePort : openListeningSocket;
  const listening = port === undefined ? openNear(open, host, last) : open({ host, port });
  const socket = { name, address: { host, port: listening.port }, fd: listening.fd };
  return { socket, close: () => listening.close() };
}

function openNear(open: typeof reservePort, host: string, last: number | undefined) {
  if (last !== undefined) {
    try {
      return open({ host, port: last });
    } catch {
      // somebody has taken it since: any other will do
    }
  }
  return open({ host, port: 0 });
}
